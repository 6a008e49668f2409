/**
 * How senders are set up, as text to copy. What is proven by a test of this product says so (`tests/live/test_senders.py`, `tests/senders`); everything else says that it was not tried.
 * The console knows the host it was opened at. It does not know which addresses the node listens on: ports are the usual ones of `docs/configuration.md`.
 */

export interface Node {
  /** The name under which this console was opened. */
  readonly host: string;
  /** Whether senders speak TLS: every address that is not of the node's own machine does. */
  readonly isTls: boolean;
  /** A token that was just made, else a word in its place. */
  readonly token: string;
}

export interface Block {
  readonly title: string;
  readonly text: string;
  /** By which test it is proven; nothing when nobody tried it here. */
  readonly tried?: string;
}

export interface Guide {
  readonly name: string;
  readonly title: string;
  /** What it brings, in a sentence. */
  readonly brings: string;
  /** The listener that takes it. */
  readonly listener: string;
  /** Whether it shows a token. */
  readonly wantsToken: boolean;
  /** What has to stand in the node's settings, when it is not there by itself. */
  readonly settings: string;
  readonly blocks: (node: Node) => readonly Block[];
  readonly notes: readonly string[];
}

export const PORTS = { http: 8481, syslog: 5514, syslog_tls: 6514, relp: 2514, mllp: 2575 } as const;

export function nodeOf(hostname: string, token?: string): Node {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, isTls: !isLoopback(host), token: token ?? "TOKEN" };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** The start of every address of the intake over HTTP. */
export function intakeOf({ host, isTls }: Node): string {
  return `${isTls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${PORTS.http}`;
}

const CA = "/etc/ssl/cordon-ca.pem";

const httpSettings = `[intake]
http = ["0.0.0.0:${PORTS.http}"]`;

const curl = (node: Node) => `curl --fail ${node.isTls ? `--cacert ${CA} ` : ""}-H "Authorization: Bearer ${node.token}"`;

const beats = (node: Node, ca: string) => `output.elasticsearch:
  hosts: ["${intakeOf(node)}"]
  # the part before the colon is not looked at
  api_key: "cordon:${node.token}"${node.isTls ? `\n  ssl.certificate_authorities: ["${ca}"]` : ""}
  allow_older_versions: true

# there are no indices here to prepare
setup.template.enabled: false
setup.ilm.enabled: false`;

const NODE_CERTIFICATE = "The certificate file is that of the authority that signed the node's certificate. A node that made its own keeps it as node.crt.pem in its data folder: copy that.";
const ELASTIC_TRIED = "The official Elasticsearch client sends so in every test run.";

export const GUIDES: readonly Guide[] = [
  {
    name: "rsyslog",
    title: "rsyslog",
    brings: "Linux machines, and every device that speaks syslog to them.",
    listener: "relp",
    wantsToken: false,
    settings: `[intake]
# RELP answers each message: nothing is lost on the way
relp_tls = ["0.0.0.0:${PORTS.relp}"]
# or, for senders that know no RELP
syslog_tls = ["0.0.0.0:${PORTS.syslog_tls}"]`,
    blocks: ({ host }) => [
      {
        title: "RELP over TLS: /etc/rsyslog.d/60-cordon.conf",
        text: `# Debian: apt install rsyslog-relp
module(load="omrelp" tls.tlslib="openssl")
action(
  type="omrelp" target="${host}" port="${PORTS.relp}"
  tls="on" tls.caCert="${CA}" tls.authMode="name" tls.permittedPeer=["${host}"]
  template="RSYSLOG_SyslogProtocol23Format"
  queue.type="LinkedList" queue.filename="cordon" queue.maxDiskSpace="1g" queue.saveOnShutdown="on"
  action.resumeRetryCount="-1"
)`,
      },
      {
        title: "Syslog over TLS: /etc/rsyslog.d/60-cordon.conf",
        tried: "rsyslog sends so in every test run, without the queue on disk.",
        text: `# Debian: apt install rsyslog-gnutls
global(defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${CA}")
action(
  type="omfwd" target="${host}" port="${PORTS.syslog_tls}" protocol="tcp" TCP_Framing="octet-counted"
  StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="${host}"
  template="RSYSLOG_SyslogProtocol23Format"
  queue.type="LinkedList" queue.filename="cordon" queue.maxDiskSpace="1g" queue.saveOnShutdown="on"
  action.resumeRetryCount="-1"
)`,
      },
      {
        title: "RELP in clear, for senders on the node's own machine",
        tried: "rsyslog sends so in every test run, without the queue on disk.",
        text: `module(load="omrelp")
action(
  type="omrelp" target="${host}" port="${PORTS.relp}" timeout="10" conn.timeout="5"
  template="RSYSLOG_SyslogProtocol23Format"
  queue.type="LinkedList" queue.filename="cordon" queue.maxDiskSpace="1g" queue.saveOnShutdown="on"
  action.resumeRetryCount="-1"
)`,
      },
    ],
    notes: [
      NODE_CERTIFICATE,
      "Plain syslog cannot know what was kept when a connection breaks; RELP can.",
      "For RELP in clear the node's settings need relp instead of relp_tls: it has no protection on a network.",
    ],
  },
  {
    name: "winlogbeat",
    title: "Winlogbeat",
    brings: "Windows event logs: sign-ins, processes, services, Sysmon, PowerShell, Defender.",
    listener: "http",
    wantsToken: true,
    settings: httpSettings,
    blocks: (node) => [
      {
        title: "winlogbeat.yml",
        text: `winlogbeat.event_logs:
  - name: Security
  - name: System
  - name: Application
  # where Sysmon is installed: most rules about Windows look at it
  - name: Microsoft-Windows-Sysmon/Operational
  - name: Microsoft-Windows-PowerShell/Operational
  - name: Microsoft-Windows-Windows Defender/Operational
  - name: Microsoft-Windows-TaskScheduler/Operational

${beats(node, "C:/ProgramData/cordon-ca.pem")}`,
      },
    ],
    notes: [`${ELASTIC_TRIED} Events as Winlogbeat writes them are read in tests; Winlogbeat itself was not run against a node.`, NODE_CERTIFICATE, "Keep one token for each group of machines: the name of the token says which source it is."],
  },
  {
    name: "filebeat",
    title: "Filebeat",
    brings: "Files of other machines: JSON lines, syslog, CEF, HL7 or FHIR messages within a line.",
    listener: "http",
    wantsToken: true,
    settings: httpSettings,
    blocks: (node) => [
      {
        title: "filebeat.yml",
        text: `filebeat.inputs:
  - type: filestream
    id: ehr-audit
    paths: ["/var/log/ehr/*.log"]

${beats(node, CA)}`,
      },
    ],
    notes: [
      `${ELASTIC_TRIED} Filebeat itself was not run against a node.`,
      "A line that is a record of another format (syslog, CEF, JSON, HL7, FHIR, ATNA) is judged as that record. Access logs of web servers are not recognised within a Filebeat line: let the node follow those files, or post them.",
      NODE_CERTIFICATE,
    ],
  },
  {
    name: "fluent-bit",
    title: "Fluent Bit",
    brings: "Files and journals of small machines and containers.",
    listener: "http",
    wantsToken: true,
    settings: httpSettings,
    blocks: (node) => [
      {
        title: "fluent-bit.conf",
        text: `[SERVICE]
    storage.path        /var/lib/fluent-bit

[INPUT]
    Name                tail
    Path                /var/log/ehr/*.log
    Tag                 ehr
    DB                  /var/lib/fluent-bit/tail.db
    Key                 message
    storage.type        filesystem

[OUTPUT]
    Name                es
    Match               *
    Host                ${node.host}
    Port                ${PORTS.http}
    # the user is not looked at, the password is the token
    HTTP_User           cordon
    HTTP_Passwd         ${node.token}
    Index               logs
    Suppress_Type_Name  On
    Retry_Limit         no_limits
    tls                 ${node.isTls ? `On
    tls.verify          On
    tls.ca_file         ${CA}` : "Off"}`,
      },
    ],
    notes: [`${ELASTIC_TRIED} Fluent Bit itself was not run against a node.`, "The line stands in the field message: there a record of another format is recognised.", NODE_CERTIFICATE],
  },
  {
    name: "opentelemetry",
    title: "OpenTelemetry Collector",
    brings: "Logs that a collector gathers, Windows event logs among them.",
    listener: "http",
    wantsToken: true,
    settings: httpSettings,
    blocks: (node) => [
      {
        title: "config.yaml",
        text: `receivers:
  windowseventlog/security:
    channel: Security
  windowseventlog/sysmon:
    channel: Microsoft-Windows-Sysmon/Operational

extensions:
  file_storage:
    directory: /var/lib/otelcol

exporters:
  otlphttp/cordon:
    endpoint: ${intakeOf(node)}
    headers:
      authorization: "Bearer ${node.token}"${node.isTls ? `
    tls:
      ca_file: ${CA}` : ""}
    retry_on_failure:
      enabled: true
      max_elapsed_time: 0
    sending_queue:
      enabled: true
      storage: file_storage

service:
  extensions: [file_storage]
  pipelines:
    logs:
      receivers: [windowseventlog/security, windowseventlog/sysmon]
      exporters: [otlphttp/cordon]`,
      },
    ],
    notes: [
      "The OpenTelemetry SDK sends logs so in every test run, over HTTP with and without compression; the collector itself was not run against a node.",
      "Logs only, over HTTP: not gRPC, no traces, no metrics. windowseventlog and file_storage come with the contrib build of the collector; on Windows give the folder of file_storage a Windows path.",
      NODE_CERTIFICATE,
    ],
  },
  {
    name: "openemr",
    title: "OpenEMR",
    brings: "Who opened, changed or printed which record, and break-glass sign-ins.",
    listener: "http",
    wantsToken: true,
    settings: httpSettings,
    blocks: (node) => [
      {
        title: "/usr/local/bin/openemr-to-cordon, every five minutes by cron under an account of its own",
        text: `#!/bin/sh
set -eu
state=/var/lib/openemr-to-cordon/last
last=$(cat "$state" 2>/dev/null || echo 0)
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

mysql --defaults-extra-file=/etc/openemr-to-cordon.cnf --batch openemr > "$rows" <<SQL
SELECT l.id, l.date, l.event, IFNULL(l.category, '') AS category, IFNULL(l.user, '') AS user,
       IFNULL(l.groupname, '') AS groupname, IFNULL(l.comments, '') AS comments,
       IFNULL(l.patient_id, 0) AS patient_id, l.success, IFNULL(c.encrypt, 'No') AS encrypt
FROM log l LEFT JOIN log_comment_encrypt c ON c.log_id = l.id
WHERE l.id > $last ORDER BY l.id LIMIT 50000
SQL
[ -s "$rows" ] || exit 0

${curl(node)} --silent --show-error --output /dev/null \\
  --data-binary @"$rows" "${intakeOf(node)}/intake/v1/raw?format=csv"
# only what the node has kept for good is left behind
tail -n 1 "$rows" | cut -f 1 > "$state"`,
      },
      {
        title: "/etc/openemr-to-cordon.cnf, readable for that account alone",
        text: `[client]
user=cordon_reader
password=CHOOSE-ONE`,
      },
      {
        title: "In MySQL or MariaDB, once",
        text: `CREATE USER 'cordon_reader'@'localhost' IDENTIFIED BY 'CHOOSE-ONE';
GRANT SELECT ON openemr.log TO 'cordon_reader'@'localhost';
GRANT SELECT ON openemr.log_comment_encrypt TO 'cordon_reader'@'localhost';`,
      },
    ],
    notes: [
      "Not tried by us against a running OpenEMR. A table of these columns, as mysql writes it, is read: that was tried.",
      "In OpenEMR, Administration, Config, Logging: audit logging on, with queries (SELECT) when reading of records is to be seen.",
      "Do not use OpenEMR's own ATNA sender yet: it writes each message over several lines, and the syslog listeners take each line for a message.",
      "Times in the table have no zone: they are taken in the node's time_zone.",
      NODE_CERTIFICATE,
    ],
  },
  {
    name: "orthanc",
    title: "Orthanc",
    brings: "Who asked Orthanc's web interface for what: sign-ins, copies, deletions.",
    listener: "file",
    wantsToken: false,
    settings: `[intake]
# on the machine of the node; else post the file (below)
tail = ["/var/log/nginx/orthanc.access.log"]

[[sources]]
id = "orthanc"
listener = "file"
sender = "/var/log/nginx/orthanc.access.log"
format = "weblog"
silence = "1d"`,
    blocks: (node) => [
      {
        title: "nginx in front of Orthanc: its access log names account, request and outcome",
        text: `server {
    listen 443 ssl;
    server_name orthanc.hospital.example;
    ssl_certificate     /etc/ssl/orthanc.pem;
    ssl_certificate_key /etc/ssl/private/orthanc.key;

    access_log /var/log/nginx/orthanc.access.log combined;

    location / {
        proxy_pass http://127.0.0.1:8042;
        proxy_set_header Host $host;
        client_max_body_size 0;
    }
}`,
      },
      {
        title: "When nginx runs on another machine: /etc/logrotate.d/orthanc-to-cordon",
        text: `/var/log/nginx/orthanc.access.log {
    size 1
    rotate 48
    missingok
    notifempty
    dateext
    dateformat -%Y%m%d-%s
    postrotate
        nginx -s reopen
        sleep 1
        ${curl(node)} --silent --show-error --output /dev/null \\
          --data-binary @"$(ls -t /var/log/nginx/orthanc.access.log-* | head -n 1)" \\
          "${intakeOf(node)}/intake/v1/raw?format=weblog"
    endscript
}`,
      },
    ],
    notes: [
      "Not tried by us with Orthanc or nginx themselves; access logs in this form are read, and rules look at them (Orthanc under its default account, for example).",
      "Run logrotate with that file every few minutes from cron. A file whose post failed is still there: post it again by hand.",
      "DICOM itself (stores, queries, moves) Orthanc does not tell as audit messages. An archive that writes ATNA (dcm4chee, most commercial ones) does: see FHIR server and ATNA.",
      "Set AuthenticationEnabled and users of your own in Orthanc: without them the log names nobody.",
    ],
  },
  {
    name: "mllp",
    title: "Interface engine (HL7, MLLP)",
    brings: "HL7 v2 messages, as a copy: admissions, orders, results, queries.",
    listener: "mllp",
    wantsToken: false,
    settings: `[intake]
mllp = ["0.0.0.0:${PORTS.mllp}"]
# or with TLS: mllp_tls = ["0.0.0.0:${PORTS.mllp}"]

[[sources]]
id = "interface-engine"
listener = "mllp"
# the address of the engine
sender = "10.0.0.5"
# care comes first: it is answered at once, whatever this node does
care = true
silence = "15m"`,
    blocks: ({ host }) => [
      {
        title: "Mirth / NextGen Connect: a destination of its own, in a channel that only copies",
        text: `Destination: TCP Sender
  Transmission mode:           MLLP
  Remote address:              ${host}
  Remote port:                 ${PORTS.mllp}
  Keep connection open:        yes
  Queue messages:              always
  Validate response:           no
  Wait for previous destination: off
Queue: a limit of its own; beyond it drop the oldest`,
      },
    ],
    notes: [
      "Never put this node between two clinical systems. The engine gets a second, outgoing channel with a copy; the channel that carries care has no part in it and never waits for it.",
      "Not tried by us with Mirth/NextGen Connect. The MLLP clients of python-hl7 send so in every test run, one by one and many at once.",
      "Batches (FHS, BHS) are refused: send single messages. MLLP in clear belongs into a protected network only.",
    ],
  },
  {
    name: "fhir",
    title: "FHIR server and ATNA",
    brings: "AuditEvents: who touched which patient's record, and why.",
    listener: "http",
    wantsToken: true,
    settings: `${httpSettings}
# for ATNA over syslog (ITI-20, TLS)
syslog_tls = ["0.0.0.0:${PORTS.syslog_tls}"]`,
    blocks: (node) => [
      {
        title: "One AuditEvent, by hand: is the way open?",
        tried: "AuditEvents of R4B and R5, single, in batches and in transactions, are posted so in every test run.",
        text: `${curl(node)} -H "Content-Type: application/fhir+json" \\
  --data '{"resourceType":"AuditEvent","type":{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110100"},"recorded":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'","agent":[{"who":{"display":"set-up"},"requestor":true}],"source":{"observer":{"display":"set-up"}}}' \\
  ${intakeOf(node)}/fhir/AuditEvent`,
      },
      {
        title: "HAPI FHIR: the interceptor for audit events (BALP), in Java",
        text: `// hapi-fhir-storage; contextServices is a class of your own that names user and client of a request
IBalpAuditEventSink sink = new AsyncMemoryQueueBackedFhirClientBalpSink(
    FhirContext.forR4(), "${intakeOf(node)}/fhir",
    List.of(new BearerTokenAuthInterceptor("${node.token}")));
restfulServer.registerInterceptor(new BalpAuditCaptureInterceptor(sink, contextServices));`,
      },
      {
        title: "Other servers: RESTful ATNA (ITI-20)",
        text: `Audit Record Repository, FHIR feed
  Base address:   ${intakeOf(node)}/fhir
  One event:      POST ${intakeOf(node)}/fhir/AuditEvent
  Many events:    POST ${intakeOf(node)}/fhir  (Bundle of type batch or transaction)
  Header:         Authorization: Bearer ${node.token}`,
      },
      {
        title: "Archives and record systems that send ATNA over syslog (dcm4chee and others)",
        text: `Audit Record Repository
  Protocol:   syslog over TLS (RFC 5425)
  Host:       ${node.host}
  Port:       ${PORTS.syslog_tls}
  Format:     DICOM audit message or RFC 3881, one message as one syslog message with its length in front`,
      },
    ],
    notes: [
      "HAPI FHIR, dcm4chee and other servers themselves were not tried by us.",
      "HAPI's sink keeps what waits in memory: what was not sent when the server stops is lost.",
      "Java must trust the authority of the node's certificate.",
      NODE_CERTIFICATE,
    ],
  },
  {
    name: "splunk",
    title: "Senders for Splunk (HEC)",
    brings: "Whatever speaks to Splunk's HTTP Event Collector already.",
    listener: "http",
    wantsToken: true,
    settings: httpSettings,
    blocks: (node) => [
      {
        title: "What every such sender asks for",
        tried: "A Splunk handler for Python sends so in every test run.",
        text: `Address:  ${intakeOf(node)}/services/collector/event
Token:    ${node.token}
Header:   Authorization: Splunk ${node.token}`,
      },
      {
        title: "Docker: /etc/docker/daemon.json",
        text: `{
  "log-driver": "splunk",
  "log-opts": {
    "splunk-url": "${intakeOf(node)}",
    "splunk-token": "${node.token}",
    "splunk-format": "json",
    "splunk-verify-connection": "false"${node.isTls ? `,
    "splunk-capath": "${CA}"` : ""}
  }
}`,
      },
      {
        title: "By hand: is the way open?",
        text: `curl --fail ${node.isTls ? `--cacert ${CA} ` : ""}-H "Authorization: Splunk ${node.token}" \\
  --data '{"event":"the way is open","sourcetype":"set-up"}' ${intakeOf(node)}/services/collector/event`,
      },
    ],
    notes: ["Acknowledgement by channel (useACK) is not needed and answered as switched off: an answer of 200 means that it is kept for good.", NODE_CERTIFICATE],
  },
  {
    name: "files",
    title: "Plain files",
    brings: "Files that lie on the node's machine, or are posted from another.",
    listener: "file",
    wantsToken: false,
    settings: `[intake]
tail = ["/var/log/ehr/*.log"]

[[sources]]
id = "ehr-audit"
listener = "file"
# the same pattern
sender = "/var/log/ehr/*.log"
silence = "1h"`,
    blocks: (node) => [
      {
        title: "systemctl edit cordon: the node's account needs a group that may read them",
        text: `[Service]
SupplementaryGroups=adm`,
      },
      {
        title: "A file of another machine, posted whole",
        tried: "Files of every format are posted so in every test run.",
        text: `# with a token of a source: Sources, Tokens
${curl(node)} --data-binary @/var/log/ehr/audit.ndjson \\
  ${intakeOf(node)}/intake/v1/raw`,
      },
      {
        title: "Old logs, as history, with the node's own command",
        tried: "Whole folders of logs are imported so in every test run.",
        text: `cordon token --source import > import.token
cordon import --url ${intakeOf(node)} --token-file import.token /path/to/old/logs`,
      },
    ],
    notes: [
      "Rotation is understood, by renaming and by copying, and the place is remembered over stops. That is held by tests.",
      "The format is told by the content, never by the name. Compressed files are not followed: import them.",
      "A change of intake needs a restart of the node: systemctl restart cordon.",
    ],
  },
];

export function guideOf(name: string | null): Guide | undefined {
  return GUIDES.find((guide) => guide.name === name);
}
