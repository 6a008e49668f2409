"""The official Elasticsearch client sends documents to URL as TOKEN and prints each that was acknowledged, a line of JSON each."""

import json
import sys

from elasticsearch import Elasticsearch, helpers

url, token = sys.argv[1:3]
client = Elasticsearch(url, api_key=("any", token), http_compress=True, max_retries=5, request_timeout=60)
assert client.ping()
assert client.info()["tagline"] == "You Know, for Search"
assert client.cluster.health()["status"] == "green"
client.indices.put_index_template(name="logs-cordon", index_patterns=["logs-*"])


def document(number):
    return {
        "@timestamp": f"2025-12-10T04:47:{number % 60:02}.{number % 1000:03}Z",
        "number": number,
        "text": "Zürich \u20ac \U0001f600 \"quoted\" \\ \n line",
        "nested": {"list": [1, 2.5, None, True, {"deep": []}], "empty": {}},
    }


def actions():
    for number in range(5_000):
        operation = "index" if number % 3 else "create"
        yield {"_op_type": operation, "_index": "logs-cordon-default", "_id": f"id-{number}", "_source": document(number)}


acknowledged = 0
for (fine, item), number in zip(helpers.streaming_bulk(client, actions(), chunk_size=700), range(5_000), strict=True):
    operation = "index" if number % 3 else "create"
    assert fine and item[operation]["status"] == 201 and item[operation]["_id"] == f"id-{number}", item
    print(json.dumps(document(number)))
    acknowledged += 1
assert acknowledged == 5_000

# what is refused is told item by item, and the others are kept
mixed = [
    {"_op_type": "delete", "_index": "x", "_id": "1"},
    {"_op_type": "index", "_index": "x", "_source": document(5_000)},
    {"_op_type": "update", "_index": "x", "_id": "1", "doc": {}},
]
fine, errors = helpers.bulk(client, mixed, raise_on_error=False)
assert fine == 1 and [list(error) for error in errors] == [["delete"], ["update"]], (fine, errors)
print(json.dumps(document(5_000)))

single = client.index(index="x", document=document(5_001))
assert single["result"] == "created"
print(json.dumps(document(5_001)))
