"""The unmodified PyPI package `ovh`: does the steps that it is given, and prints one JSON line a step."""
import json
import os

import ovh

settings = json.loads(os.environ["CLIENT_TEST"])
ovh.client.ENDPOINTS["kwota"] = f"https://{settings['host']}:{settings['port']}/1.0"
client = ovh.Client("kwota", settings["appKey"], settings["appSecret"], settings["consumerKey"])
calls = {"GET": client.get, "POST": client.post, "PUT": client.put, "DELETE": client.delete}
status_of = {
    ovh.exceptions.ResourceNotFoundError: 404,
    ovh.exceptions.BadParametersError: 400,
    ovh.exceptions.ResourceConflictError: 409,
}

for method, path, *rest in settings["steps"]:
    parameters = rest[0] if rest else {}
    needs_auth = path != "/auth/time"
    try:
        # It signs the path as it is given, and builds queries and bodies from keywords.
        answer = calls[method](path, _need_auth=needs_auth, **parameters)
        print(json.dumps({"answer": answer}))
    except ovh.exceptions.APIError as error:
        print(json.dumps({"status": status_of.get(type(error), 0), "message": str(error.args[0]), "queryId": error.query_id}))
