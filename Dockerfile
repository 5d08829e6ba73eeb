# One image for all services; the command names which: docker run kwota apps/ledger/dist/main.js
FROM node:24-bookworm-slim AS build
WORKDIR /kwota
ENV NX_DAEMON=false CI=true
COPY . .
RUN npm ci \
  && npx nx run-many -t build -p gateway users ledger carrier dlr alerts standalone cli --output-style=static \
  && npm prune --omit=dev --ignore-scripts \
  && find apps libs -name '*.ts' -delete \
  && rm -rf tools .nx

FROM node:24-bookworm-slim
ENV NODE_ENV=production KWOTA_HTTP_HOST=0.0.0.0 KWOTA_DATA_DIR=/data
WORKDIR /kwota
COPY --from=build /kwota ./
# Secrets of the first start, embedded files and mails lie here; nobody else reads them.
RUN install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 8080 8081 8082 8083 8084 8085
# SIGTERM drains: KWOTA_SHUTDOWN_GRACE_MS must be shorter than the orchestrator's patience.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node"]
CMD ["apps/standalone/dist/main.js"]
