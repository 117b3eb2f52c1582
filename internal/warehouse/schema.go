package warehouse

// Column is a column that every warehouse has from the start.
type Column struct {
	Name string
	Type Type // for columns of Kith's own, where Key is not set
	Kind ColumnKind
}

// ColumnKind refines a fixed column's type.
type ColumnKind uint8

// The kinds of fixed column.
const (
	Plain ColumnKind = iota // as Type says
	Key                     // a 16-byte key: UUID where the engine has it
	Bytes                   // binary, ordered bytewise
)

// Table is a table of the star schema, independent of the engine. Names that start
// with an underscore are the loader's own and no promise to anyone.
type Table struct {
	Name    string
	Columns []Column
}

// Unknown is the customer_id of facts that belong to nobody known.
const Unknown = "unknown"

// CustomerColumns are the fixed columns of dim_customer; one column per identifier
// type (id_<type>) and one per golden attribute follow.
var CustomerColumns = []Column{
	{"customer_id", Text, Plain}, {"version", BigInt, Plain},
	{"valid_from", Stamp, Plain}, {"valid_to", Stamp, Plain}, {"is_current", Boolean, Plain},
	{"change", Text, Plain}, {"ended_by", Text, Plain}, {"merged_into", Text, Plain},
	{"suppressed", Boolean, Plain}, {"pending", Boolean, Plain}, {"source_customers", BigInt, Plain},
	{"_key", None, Key}, {"_last", Boolean, Plain}, {"_links", BigInt, Plain},
}

// FactColumns are the fixed columns of every fact table, and of every dimension
// made of objects that belong to nobody; one column per attribute follows.
var FactColumns = []Column{
	{"source", Text, Plain}, {"record_key", Text, Plain}, {"event", Text, Plain}, {"node_key", None, Key},
	{"occurred", Stamp, Plain}, {"received", Stamp, Plain},
	{"log_partition", BigInt, Plain}, {"log_offset", BigInt, Plain},
	{"_key", None, Key}, {"_order", None, Bytes},
}

// ChildColumns are the fixed columns of a table made of an array of objects.
var ChildColumns = []Column{
	{"source", Text, Plain}, {"record_key", Text, Plain}, {"ordinal", BigInt, Plain}, {"_key", None, Key},
}

// FixedTables are the tables that do not depend on what was seen.
var FixedTables = []Table{
	{"bridge_node", []Column{
		{"node_key", None, Key}, {"customer_id", Text, Plain}, {"move_version", BigInt, Plain}, {"moved", Stamp, Plain}}},
	{"bridge_identity", []Column{
		{"identifier_type", Text, Plain}, {"identifier_value", Text, Plain}, {"customer_id", Text, Plain},
		{"first_seen", Stamp, Plain}, {"node_key", None, Key}, {"_key", None, Key}}},
	{"fact_consent", []Column{
		{"customer_id", Text, Plain}, {"purpose", Text, Plain}, {"channel", Text, Plain}, {"granted", Boolean, Plain},
		{"effective", Stamp, Plain}, {"source", Text, Plain}, {"proof", Text, Plain},
		{"identifier_type", Text, Plain}, {"identifier_value", Text, Plain}, {"_key", None, Key}}},
	{"dim_source", []Column{
		{"source", Text, Plain}, {"stream", Text, Plain}, {"kind", Text, Plain}, {"table_name", Text, Plain},
		{"first_received", Stamp, Plain}, {"last_received", Stamp, Plain}}},
	{"dim_date", []Column{
		{"date_key", Date, Plain}, {"year", BigInt, Plain}, {"quarter", BigInt, Plain}, {"month", BigInt, Plain},
		{"month_name", Text, Plain}, {"day", BigInt, Plain}, {"iso_year", BigInt, Plain}, {"iso_week", BigInt, Plain},
		{"weekday", BigInt, Plain}, {"weekday_name", Text, Plain}, {"is_weekend", Boolean, Plain}}},
	{"quarantine", reasonColumns},
	{"set_aside", reasonColumns},
	{"quality_result", []Column{
		{"stream", Text, Plain}, {"check_name", Text, Plain}, {"column_name", Text, Plain},
		{"passed", BigInt, Plain}, {"failed", BigInt, Plain}}},
	{"ledger", []Column{
		{"source", Text, Plain}, {"stream", Text, Plain}, {"applied", BigInt, Plain}, {"superseded", BigInt, Plain},
		{"duplicate", BigInt, Plain}, {"quarantined", BigInt, Plain}, {"discarded", BigInt, Plain},
		{"erased", BigInt, Plain}, {"expired", BigInt, Plain}, {"pending", BigInt, Plain}}},
	{"_positions", []Column{{"topic", Text, Plain}, {"log_partition", BigInt, Plain}, {"next_number", BigInt, Plain}}},
	{"_tables", []Column{{"table_name", Text, Plain}, {"stream", Text, Plain}, {"role", Text, Plain}, {"field", Text, Plain}}},
	{"_columns", []Column{{"table_name", Text, Plain}, {"column_name", Text, Plain}, {"attribute", Text, Plain}, {"type", Text, Plain}}},
	{"_tombstones", []Column{{"table_name", Text, Plain}, {"_key", None, Key}, {"_order", None, Bytes}}},
	{"_format", []Column{{"version", BigInt, Plain}}},
}

var reasonColumns = []Column{
	{"log_partition", BigInt, Plain}, {"log_offset", BigInt, Plain}, {"outcome", Text, Plain}, {"source", Text, Plain},
	{"stream", Text, Plain}, {"code", Text, Plain}, {"field", Text, Plain}, {"detail", Text, Plain}, {"received", Stamp, Plain},
}

// FormatVersion is the version of the tables' layout (I8).
const FormatVersion = 1
