"""The unmodified PyPI package `ovh`: each step of OVH_STEPS by its documented call, one JSON line each."""

import json
import os

import ovh
import ovh.client

keys = json.loads(os.environ["OVH_TEST"])
ovh.client.ENDPOINTS["kwota"] = "https://{host}:{port}/1.0".format(**keys)
client = ovh.Client(
    endpoint="kwota",
    application_key=keys["appKey"],
    application_secret=keys["appSecret"],
    consumer_key=keys["consumerKey"],
)

# What its documentation says each error is, by HTTP status.
statuses = {
    ovh.exceptions.BadParametersError: 400,
    ovh.exceptions.NotGrantedCall: 403,
    ovh.exceptions.InvalidCredential: 403,
    ovh.exceptions.ResourceNotFoundError: 404,
    ovh.exceptions.ResourceConflictError: 409,
}

for step in json.loads(os.environ["OVH_STEPS"]):
    line = {"call": "{method} {path}".format(**step)}
    call = getattr(client, step["method"].lower())
    try:
        line["answer"] = call(step["path"].replace("/:", "/"), **(step.get("body") or {}))
    except ovh.exceptions.APIError as error:
        line["error"] = statuses.get(type(error), type(error).__name__)
        line["message"] = str(error).split(" \nOVH-Query-ID: ")[0]
        line["queryId"] = error.query_id
    print(json.dumps(line))

request = client.new_consumer_key_request()
request.add_recursive_rules(ovh.API_READ_WRITE, "/sms")
asked = request.request(redirect_url="https://example.org/")
print(json.dumps({"call": "consumer key", "answer": {"state": asked["state"], "page": asked["validationUrl"].split("?")[0]}}))
