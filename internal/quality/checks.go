package quality

// CheckDoc documents one check for the reference page.
type CheckDoc struct {
	Name     string
	Settings string   // beside column or columns; empty for none
	What     string   // what must hold, in a sentence
	Also     []string // names that other tools give it
	Examples []Example
}

// Example is what a check says of some values, each written as JSON: of the column, or
// an object of the columns a, b and so on.
type Example struct {
	Settings   string // as kith.yaml writes them, such as "min: 0, max: 120"
	Pass, Fail []string
}

// columnCount is how many columns a check looks at.
type columnCount uint8

const (
	oneColumn columnCount = iota
	pairColumns
	manyColumns
	anyColumns // a condition names its own
)

// def is one check that can be configured.
type def struct {
	doc     CheckDoc
	takes   []string // the settings that not every check takes
	columns columnCount
	nulls   bool   // it has something to say of null
	fails   string // what is so of a record that fails
	make    func(c *CheckConfig, ck *check, bad *faults)
}

// Checks documents every check, by name.
func Checks() []CheckDoc {
	all := defs()
	docs := make([]CheckDoc, len(all))
	for i := range all {
		docs[i] = all[i].doc
		docs[i].Also = aliasesOf(docs[i].Name)
	}
	return docs
}

func lookUp(name string) (def, bool) {
	for _, d := range defs() {
		if d.doc.Name == name {
			return d, true
		}
	}
	return def{}, false
}

// defs is the list of checks, sorted by name.
func defs() []def {
	bounds := []string{"min", "max", "strict_min", "strict_max"}
	patterns := []string{"pattern", "match"}
	return []def{
		{doc: CheckDoc{Name: "casing", Settings: "format: lower or upper", What: "The text has no letter in the other case.",
			Examples: []Example{{"format: lower", []string{`"abc 1"`}, []string{`"Abc"`}}, {"format: upper", []string{`"LS1"`}, []string{`"Ls1"`}}}},
			takes: []string{"format"}, fails: "the value has letters in the other case", make: makeCasing},
		{doc: CheckDoc{Name: "compare", Settings: "columns: two; operator: >, >=, =, !=, < or <=; skip_nulls", What: "The first column compares so with the second: as numbers, as dates and times (a date with the day of a time), else as text.",
			Examples: []Example{{`operator: ">"`, []string{`{"a": 2, "b": 1}`, `{"a": "2024-02-01", "b": "2024-01-31"}`}, []string{`{"a": 1, "b": 1}`, `{"a": 1, "b": "x"}`}},
				{`operator: "="`, []string{`{"a": "x", "b": "x"}`, `{"a": 1, "b": 1.0}`}, []string{`{"a": "x", "b": "X"}`}}}},
			takes: []string{"operator", "skip_nulls"}, columns: pairColumns, fails: "the two columns do not compare as they should", make: makeCompare},
		{doc: CheckDoc{Name: "condition", Settings: "condition: CEL; column: what a failure names, optional", What: "The condition holds. Where it cannot be evaluated, as an attribute is missing, it does not; has(attributes.x) asks for that.",
			Examples: []Example{{`condition: "attributes.a < attributes.b || attributes.b == 0"`, []string{`{"a": 1, "b": 2}`, `{"a": 1, "b": 0}`}, []string{`{"a": 3, "b": 2}`, `{"a": 3}`}}}},
			takes: []string{"condition"}, columns: anyColumns, fails: "its condition does not hold", make: makeCondition},
		{doc: CheckDoc{Name: "date_format", Settings: "format: as of strftime, such as %d/%m/%Y; any ISO 8601 date or time when absent", What: "The text is a date, or a time, written in this form. A value that is typed as one passes.",
			Examples: []Example{{`format: "%d/%m/%Y"`, []string{`"29/02/2024"`}, []string{`"29/02/2023"`, `"2024-02-29"`}}, {"", []string{`"2024-02-29T10:00:00Z"`}, []string{`"29 Feb"`}}}},
			takes: []string{"format"}, fails: "the value is no date in this form", make: makeDateFormat},
		{doc: CheckDoc{Name: "equals", Settings: "value", What: "The value is this one; numbers and dates compare by what they mean.",
			Examples: []Example{{"value: 10", []string{`10`, `10.0`, `"10"`}, []string{`11`, `"10.0"`}}}},
			takes: []string{"value"}, fails: "the value is another", make: makeEquals},
		{doc: CheckDoc{Name: "format", Settings: "format: card, country (ISO 3166-1 alpha-2), currency (ISO 4217), email, hostname, iban, ip, ipv4, ipv6, phone (E.164), ssn, url or uuid", What: "The text has this form; of card and iban the check digits are right too.",
			Examples: []Example{
				{"format: card", []string{`"4111 1111 1111 1111"`}, []string{`"4111 1111 1111 1112"`}},
				{"format: country", []string{`"GB"`}, []string{`"UK"`, `"gb"`, `"GBR"`}},
				{"format: currency", []string{`"EUR"`}, []string{`"EURO"`, `"eur"`, `"XXX"`}},
				{"format: email", []string{`"jo.doe+x@example.com"`}, []string{`"jo@example"`, `"jo@@example.com"`}},
				{"format: hostname", []string{`"shop.example.com"`}, []string{`"-x.example.com"`}},
				{"format: iban", []string{`"GB82 WEST 1234 5698 7654 32"`}, []string{`"GB83 WEST 1234 5698 7654 32"`}},
				{"format: ip", []string{`"192.0.2.1"`, `"2001:db8::1"`}, []string{`"192.0.2.256"`}},
				{"format: ipv4", []string{`"192.0.2.1"`}, []string{`"2001:db8::1"`}},
				{"format: ipv6", []string{`"2001:db8::1"`}, []string{`"192.0.2.1"`}},
				{"format: phone", []string{`"+447700900123"`}, []string{`"07700 900123"`}},
				{"format: ssn", []string{`"078-05-1120"`}, []string{`"000-05-1120"`}},
				{"format: url", []string{`"https://example.com/a?b=c"`}, []string{`"example.com"`}},
				{"format: uuid", []string{`"123e4567-e89b-12d3-a456-426614174000"`}, []string{`"123e4567"`}},
			}},
			takes: []string{"format"}, fails: "the value has not this form", make: makeFormat},
		{doc: CheckDoc{Name: "in_set", Settings: "values: a list", What: "The value is one of these; numbers and dates compare by what they mean.",
			Examples: []Example{{"values: [open, closed]", []string{`"open"`}, []string{`"Open"`}}, {"values: [1, 2.50]", []string{`1`, `2.5`}, []string{`3`}}}},
			takes: []string{"values"}, fails: "the value is none of those listed", make: makeInSet},
		{doc: CheckDoc{Name: "is_null", What: "There is no value.",
			Examples: []Example{{"", []string{`null`}, []string{`"x"`, `""`}}}},
			nulls: true, fails: "the record has a value here", make: inverted(func(_ *CheckConfig, ck *check, _ *faults) { ck.one = notNull })},
		{doc: CheckDoc{Name: "json", What: "The value is JSON, or text that is.",
			Examples: []Example{{"", []string{`"{\"a\": [1]}"`, `{"a": 1}`}, []string{`"{a: 1}"`}}}},
			fails: "the value is no JSON", make: makeJSON},
		{doc: CheckDoc{Name: "json_schema", Settings: "schema: a JSON Schema file, relative to kith.yaml, or the schema itself as text", What: "The value, or the JSON that the text is, fits the schema. It may refer to nothing outside itself.",
			Examples: []Example{{`schema: '{"type": "object", "required": ["city"]}'`, []string{`{"city": "Leeds"}`, `"{\"city\": 1}"`}, []string{`{"town": "Leeds"}`, `"Leeds"`}}}},
			takes: []string{"schema"}, fails: "the value does not fit the JSON Schema", make: makeJSONSchema},
		{doc: CheckDoc{Name: "length", Settings: "min, max, or value for exactly", What: "The text has so many characters.",
			Examples: []Example{{"min: 2, max: 3", []string{`"Zoë"`, `12`}, []string{`"Z"`, `"Zoëy"`}}, {"value: 2", []string{`"GB"`}, []string{`"GBR"`}}}},
			takes: append([]string{"value"}, bounds...), fails: "the value has too few or too many characters", make: makeLength},
		{doc: CheckDoc{Name: "like", Settings: "pattern: one or a list; match: all (default) or any", What: "The text matches a pattern of SQL LIKE: % is any run of characters, _ is one, and \\ takes their meaning away.",
			Examples: []Example{{`pattern: "A_%"`, []string{`"AB"`, `"ABC"`}, []string{`"A"`, `"aB"`}}}},
			takes: patterns, fails: "the value does not match the pattern", make: makeLike},
		{doc: CheckDoc{Name: "multiple_of", Settings: "value: a number above 0", What: "The number is a whole multiple of this one.",
			Examples: []Example{{"value: 0.1", []string{`0.3`, `2`}, []string{`0.35`}}}},
			takes: []string{"value"}, fails: "the value is no multiple", make: makeMultipleOf},
		{doc: CheckDoc{Name: "not_empty", What: "There is a value, and it is no text of white space, empty list or empty object.",
			Examples: []Example{{"", []string{`"x"`, `0`}, []string{`" "`, `null`, `[]`}}}},
			nulls: true, fails: "the record has no value here", make: func(_ *CheckConfig, ck *check, _ *faults) { ck.one = notEmpty }},
		{doc: CheckDoc{Name: "not_in_set", Settings: "values: a list", What: "The value is none of these.",
			Examples: []Example{{"values: [test, 0]", []string{`"real"`}, []string{`"test"`, `0`}}}},
			takes: []string{"values"}, fails: "the value is one of those listed", make: inverted(makeInSet)},
		{doc: CheckDoc{Name: "not_like", Settings: "pattern: one or a list; match: all (default) or any", What: "The text does not match: all of several patterns, or any, as match says.",
			Examples: []Example{{`pattern: "test%"`, []string{`"jo"`}, []string{`"tester"`}}}},
			takes: patterns, fails: "the value matches a pattern that it must not", make: makeNotLike},
		{doc: CheckDoc{Name: "not_negative", What: "The number is 0 or more.",
			Examples: []Example{{"", []string{`0`, `"1.5"`}, []string{`-1`}}}},
			fails: "the value is no number of 0 or more", make: sign(func(f float64) bool { return f >= 0 })},
		{doc: CheckDoc{Name: "not_null", What: "There is a value.",
			Examples: []Example{{"", []string{`"x"`, `""`}, []string{`null`}}}},
			nulls: true, fails: "the record has no value here", make: func(_ *CheckConfig, ck *check, _ *faults) { ck.one = notNull }},
		{doc: CheckDoc{Name: "not_regex", Settings: "pattern: one or a list; match: all (default) or any", What: "The text does not match: all of several patterns, or any, as match says.",
			Examples: []Example{{`pattern: "(?i)^test"`, []string{`"jo"`}, []string{`"Tester"`}}}},
			takes: patterns, fails: "the value matches a pattern that it must not", make: makeNotRegex},
		{doc: CheckDoc{Name: "not_zero", What: "The number is not 0.",
			Examples: []Example{{"", []string{`-1`}, []string{`0`, `"0.0"`}}}},
			fails: "the value is 0, or no number", make: sign(func(f float64) bool { return f != 0 })},
		{doc: CheckDoc{Name: "pair_in_set", Settings: "columns: two; pairs: a list of pairs; skip_nulls", What: "The two values stand together in one of these pairs.",
			Examples: []Example{{"pairs: [[GB, GBP], [DE, EUR]]", []string{`{"a": "GB", "b": "GBP"}`}, []string{`{"a": "GB", "b": "EUR"}`}}}},
			takes: []string{"pairs", "skip_nulls"}, columns: pairColumns, fails: "the two values are none of the pairs listed", make: makePairInSet},
		{doc: CheckDoc{Name: "positive", What: "The number is above 0.",
			Examples: []Example{{"", []string{`0.5`}, []string{`0`, `"many"`}}}},
			fails: "the value is no number above 0", make: sign(func(f float64) bool { return f > 0 })},
		{doc: CheckDoc{Name: "range", Settings: "min, max: numbers, dates or times; strict_min, strict_max: true where the end itself is outside", What: "The value lies from min to max. A date as an end looks at the day alone.",
			Examples: []Example{{"min: 0, max: 120", []string{`0`, `"42"`}, []string{`121`, `"many"`}}, {"min: 0, strict_min: true", []string{`0.1`}, []string{`0`}},
				{"min: 1900-01-01, max: 2024-12-31", []string{`"1980-02-03"`, `"2024-12-31T10:00:00Z"`}, []string{`"1899-12-31"`, `7`}}}},
			takes: bounds, fails: "the value is no number or date, or beyond min or max", make: makeRange},
		{doc: CheckDoc{Name: "ratio", Settings: "columns: two; min, max, strict_min, strict_max; skip_nulls", What: "The first number divided by the second lies from min to max; nothing divides by 0.",
			Examples: []Example{{"min: 0, max: 0.5", []string{`{"a": 1, "b": 2}`}, []string{`{"a": 2, "b": 2}`, `{"a": 0, "b": 0}`}}}},
			takes: append([]string{"skip_nulls"}, bounds...), columns: pairColumns, fails: "the ratio of the two is beyond min or max", make: makeRatio},
		{doc: CheckDoc{Name: "regex", Settings: "pattern: RE2, one or a list; match: all (default) or any", What: "The text matches: all of several patterns, or any. ^ and $ tie a pattern to the ends.",
			Examples: []Example{{`pattern: "^[A-Z]{2}[0-9]+$"`, []string{`"AB1"`}, []string{`"ab1"`}}, {`pattern: ["^A", "^B"], match: any`, []string{`"B1"`}, []string{`"C1"`}}}},
			takes: patterns, fails: "the value does not match the pattern", make: makeRegex},
		{doc: CheckDoc{Name: "sum", Settings: "columns: a list; value, or total: a column, or min, max, strict_min, strict_max; skip_nulls", What: "The numbers of the columns add up to value, to the column total, or to what lies from min to max.",
			Examples: []Example{{"value: 100", []string{`{"a": 60, "b": 40}`}, []string{`{"a": 60, "b": 41}`}}, {"total: c", []string{`{"a": 0.1, "b": 0.2, "c": 0.3}`}, []string{`{"a": 1, "b": 2, "c": 4}`}}}},
			takes: append([]string{"value", "total", "skip_nulls"}, bounds...), columns: manyColumns, fails: "the columns do not add up", make: makeSum},
		{doc: CheckDoc{Name: "type", Settings: "values: string, integer, number, boolean, timestamp, date, json", What: "The value is of one of these types; an integer is a number too.",
			Examples: []Example{{"values: [number]", []string{`1.5`, `1`}, []string{`"1.5"`}}}},
			takes: []string{"values"}, fails: "the value is of another type", make: makeType},
		{doc: CheckDoc{Name: "unique_within_record", Settings: "columns: a list; skip_nulls", What: "No two of the columns hold the same value.",
			Examples: []Example{{"", []string{`{"a": "x", "b": "y"}`}, []string{`{"a": "x", "b": "x"}`}}}},
			takes: []string{"skip_nulls"}, columns: manyColumns, fails: "two of the columns hold the same value", make: makeUnique},
	}
}

// inverted is the check that passes where mk's fails.
func inverted(mk func(*CheckConfig, *check, *faults)) func(*CheckConfig, *check, *faults) {
	return func(c *CheckConfig, ck *check, bad *faults) {
		mk(c, ck, bad)
		if inner := ck.one; inner != nil {
			ck.one = not(inner)
		}
	}
}

func makeCondition(c *CheckConfig, ck *check, bad *faults) {
	if c.Condition == "" {
		bad.add("check_condition", ".condition", "the check has no condition", "write one (CEL) that must hold")
		return
	}
	ck.condition = bad.compileCondition(".condition", c.Condition)
}
