package contract

// JudgesStrictly reports whether what a contract has judged as it was written, at path,
// keeps the member of this name, read as JSON Schema reads it.
func JudgesStrictly(s *Schema, path string, props []byte) bool {
	root, _ := parseValue(props)
	v := root.member(path)
	judged, _ := s.assertions()
	if v == nil || judged[path] == nil {
		return true
	}
	j := judgement{}
	return j.keeps(judged[path], v)
}

// JudgesLeniently reports whether a record keeps a whole schema as a contract reads texts.
func JudgesLeniently(schema, props []byte) bool {
	p := schemaParser{}
	p.begin(schema)
	return newAssertions(&p).compile("", schema, asValue).keepsText(props)
}
