"""A logging handler for Splunk's HTTP Event Collector sends records to URL as TOKEN; prints what is to be kept of each, a line of JSON each."""

import json
import logging
import sys
from urllib.parse import urlsplit

from splunk_handler import SplunkHandler

url, token = sys.argv[1:3]
where = urlsplit(url)
handler = SplunkHandler(
    host=where.hostname, port=where.port, token=token, index="main", protocol="http", verify=False, hostname="ward-3", source="app",
    sourcetype="text", flush_interval=0.2, record_format=False, retry_count=5, retry_backoff=0.1,
)
logger = logging.getLogger("sender")
logger.setLevel(logging.INFO)
logger.addHandler(handler)
for number in range(1_000):
    text = f"line {number} € \"quoted\""
    logger.info(text)
    says = {"host": "ward-3", "index": "main", "source": "app", "sourcetype": "text"}
    print(json.dumps({"message": text, "splunk": says}))
handler.shutdown()
