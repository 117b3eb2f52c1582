package engine

// Config chooses a backend and sizes it. Exactly one backend is configured; the
// embedded one is the default.
type Config struct {
	Embedded *EmbeddedConfig
}

// EmbeddedConfig sizes the embedded backend. A backend's Config lies here, in its
// port's room, so that reading a configuration links no driver.
type EmbeddedConfig struct {
	Dir             string // holds log/ and state/
	Partitions      int32  // data partitions of the ingest log; default 4; fixed when the folder is made
	TopicPartitions int32  // of each emitted topic; default 4; fixed when the folder is made
	CacheBytes      int64  // block cache and row cache together; default 256 MiB
	ReserveBytes    int64  // free space below which writes are refused; default 256 MiB
}
