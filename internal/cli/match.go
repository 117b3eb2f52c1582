package cli

// matchCmd is what belongs to finding who is who in files, besides finding it.
type matchCmd struct {
	Evaluate matchEvaluateCmd `cmd:"" help:"Measure a result, Kith's or another program's, by the truth."`
}
