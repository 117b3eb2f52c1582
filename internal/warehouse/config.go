package warehouse

import "time"

// Config is the warehouse.
type Config struct {
	Type      string        // duckdb
	Path      string        // of the database file
	StepRows  int           // rows a load step; default 10,000
	StepTime  time.Duration // longest wait before a smaller step is loaded; default 250 ms
	Memory    string        // DuckDB memory limit, e.g. 512MB
	QueryTime time.Duration // longest SQL query; default 30 s
	QueryRows int           // most rows an answer may have; default 10,000
}
