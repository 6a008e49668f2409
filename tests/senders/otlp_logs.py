"""The OpenTelemetry SDK sends log records to URL as TOKEN and prints what is to be kept of each, a line of JSON each."""

import json
import sys

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

url, token = sys.argv[1:3]
around = {"service.name": "ward", "host.name": "ward-3"}


def send(compression, count, scope):
    exporter = OTLPLogExporter(
        endpoint=f"{url}/v1/logs", headers={"Authorization": f"Bearer {token}"}, compression=compression
    )
    provider = LoggerProvider(resource=Resource(around))
    processor = BatchLogRecordProcessor(exporter, max_queue_size=10_000, max_export_batch_size=300)
    provider.add_log_record_processor(processor)
    logger = provider.get_logger(scope, "1.2")
    for number in range(count):
        seconds = 1_765_342_048 + number
        body = [f"line {number} €", {"EventID": number, "inner": {"list": [1, "x"]}}, json.dumps({"said": number})][number % 3]
        attributes = {"user.name": "jdoe", "n": number, "half": 0.5, "ok": True, "list": ["a", "b"]}
        logger.emit(
            LogRecord(
                timestamp=seconds * 1_000_000_000,
                observed_timestamp=seconds * 1_000_000_000,
                severity_number=SeverityNumber.WARN,
                severity_text="WARN",
                body=body,
                attributes=attributes,
            )
        )
        content = [{"message": body}, body, {"said": number}][number % 3]
        otel = {"resource": around, "scope": {"name": scope, "version": "1.2"}, "severity_text": "WARN", "severity_number": 13}
        minute, second = divmod(47 * 60 + 28 + number, 60)
        time = f"2025-12-10T{4 + minute // 60:02}:{minute % 60:02}:{second:02}Z"
        otel["observed_timestamp"] = time
        print(json.dumps({**content, **attributes, "otel": otel, "@timestamp": time}))
    assert provider.force_flush(60_000)
    provider.shutdown()


send(Compression.Gzip, 2_000, "zipped")
send(Compression.NoCompression, 100, "plain")
