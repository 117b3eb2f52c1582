package config

func engineSpec() field {
	return field{key: "engine", shape: either, def: "embedded", doc: "What holds the log and the state: this machine, or Kafka and PostgreSQL.", example: "embedded", options: []field{
		{shape: choice, choices: []string{"embedded"}, instead: "a map such as {cluster: {kafka: …, postgres: …}}", doc: "With its defaults."},
		{shape: object, doc: "One of the two, with its settings.", fields: []field{embeddedSpec(), clusterSpec()}},
	}}
}

func embeddedSpec() field {
	return field{key: "embedded", shape: object, doc: "Log and state on this machine.", example: "{partitions: 8, cache: 512MiB}", fields: []field{
		{key: "partitions", shape: integer, low: 1, high: 256, def: "4", doc: "Data partitions of the log; fixed when the data folder is made, and taken from it when absent.", example: "8"},
		{key: "topic_partitions", shape: integer, low: 1, high: 256, def: "4", doc: "Partitions of each emitted topic; fixed when the data folder is made, and taken from it when absent.", example: "8"},
		{key: "cache", shape: size, def: "256MiB", doc: "Memory for hot entries.", example: "512MiB"},
		{key: "reserve", shape: size, def: "256MiB", doc: "Free disk space below which writes are refused.", example: "1GiB"},
	}}
}

func clusterSpec() field {
	return field{key: "cluster", shape: object, doc: "Log on Kafka and state on PostgreSQL, shared by several processes; all are given the same but for advertise.",
		example: `{kafka: {brokers: ["k1:9092", "k2:9092"]}, postgres: {dsn: "${KITH_DSN}"}}`, fields: []field{
			{key: "hash_key", shape: secret, doc: "Key of the hashes in the state, 32 to 128 hexadecimal digits, the same for all processes; when absent, the file keys/hash.key of the data folder, which each must be given a copy of.", example: `"${KITH_HASH_KEY}"`},
			{key: "advertise", shape: text, doc: "Base URL at which the other processes reach this one; the address it listens on when absent.", example: "http://10.0.0.5:8471"},
			{key: "lease", shape: duration, def: "10s", low: 2, high: 300, doc: "How long a process may give no sign of life before another takes over what it did.", example: "30s"},
			kafkaSpec(), postgresSpec(),
		}}
}

func kafkaSpec() field {
	return field{key: "kafka", shape: object, required: true, doc: "The log's brokers. Topics are made when they are not there.", example: `{brokers: ["k1:9092", "k2:9092", "k3:9092"], tls: true}`, fields: []field{
		{key: "brokers", shape: list, required: true, doc: "host:port of some brokers; one text may hold several, with commas between them.", example: `["k1:9092", "k2:9092", "k3:9092"]`,
			item: &field{shape: text, doc: "host:port."}},
		{key: "prefix", shape: text, def: "kith", doc: "What the topics' names begin with: PREFIX.ingest, PREFIX.changes and so on. Each project has its own.", example: "shop"},
		{key: "partitions", shape: integer, low: 1, high: 1024, def: "12", doc: "Data partitions of the log, which is how many processes can share its work; fixed when the topics are made. A project that is migrated keeps the numbers of its data folder.", example: "24"},
		{key: "topic_partitions", shape: integer, low: 1, high: 1024, def: "4", doc: "Partitions of each emitted topic; fixed when the topics are made.", example: "8"},
		{key: "replication", shape: integer, low: 1, high: 100, def: "3", doc: "Copies of each partition, of topics that Kith makes.", example: "5"},
		{key: "min_insync", shape: integer, low: 1, high: 100, def: "replication - 1", doc: "Copies that must have a record before it is acknowledged, of topics that Kith makes; at least 1, at most replication.", example: "2"},
		{key: "compression", shape: choice, choices: []string{"none", "snappy", "lz4", "zstd"}, def: "snappy", doc: "How batches are compressed.", example: "zstd"},
		{key: "sasl", shape: object, doc: "How to authenticate at the brokers.", example: `{mechanism: scram-sha-512, username: kith, password: "${KAFKA_PASSWORD}"}`, fields: []field{
			{key: "mechanism", shape: choice, required: true, choices: []string{"plain", "scram-sha-256", "scram-sha-512"}, doc: "The mechanism.", example: "scram-sha-512"},
			{key: "username", shape: text, required: true, doc: "Kith's name there.", example: "kith"},
			{key: "password", shape: secret, required: true, doc: "Its password.", example: `"${KAFKA_PASSWORD}"`},
		}},
		{key: "tls", shape: either, def: "false", doc: "Encrypt the way to the brokers: true for brokers that this machine's authorities vouch for, or a map.", example: "{ca: tls/kafka-ca.pem}", options: []field{
			{shape: boolean, doc: "Whether to."},
			{shape: object, doc: "With what.", fields: []field{
				{key: "ca", shape: text, doc: "Authorities to trust instead of this machine's (PEM), relative to this file.", example: "tls/kafka-ca.pem"},
				{key: "cert", shape: text, doc: "Certificate to show of oneself (PEM), relative to this file; needs key.", example: "tls/kafka.pem"},
				{key: "key", shape: text, doc: "Its key (PEM), relative to this file; needs cert.", example: "tls/kafka.key"},
				{key: "server_name", shape: text, doc: "Name in the brokers' certificates, where it is not their host.", example: "kafka.example.com"},
			}},
		}},
	}}
}

func postgresSpec() field {
	return field{key: "postgres", shape: object, required: true, doc: "The state's database: PostgreSQL, or what speaks its protocol.", example: `{dsn: "${KITH_DSN}"}`, fields: []field{
		{key: "dsn", shape: secret, required: true, doc: "Where it is and who asks, as libpq takes it: postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full, or host=HOST dbname=DATABASE and so on. Files that it names start from where Kith is started.", example: `"${KITH_DSN}"`},
		{key: "schema", shape: text, def: "kith", doc: "Schema that holds Kith's tables, made when it is not there. Each project has its own.", example: "shop"},
		{key: "max_conns", shape: integer, low: 4, high: 10_000, def: "16", doc: "Most connections of this process.", example: "32"},
	}}
}
