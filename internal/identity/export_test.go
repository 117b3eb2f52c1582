package identity

// InlineEdges makes edges spill early, so that small worlds meet spilled nodes.
func (s *Stage) InlineEdges(n int) { s.rules.inlineEdges = n }
