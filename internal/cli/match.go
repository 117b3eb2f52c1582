package cli

// matchCmd is what belongs to finding who is who in files, besides finding it.
type matchCmd struct {
	Evaluate matchEvaluateCmd `cmd:"" help:"Measure a result, Kith's or another program's, by the truth."`
	Label    matchLabelCmd    `cmd:"" help:"Look at pairs of records, and say whether they are one: what kith resolve learns from."`
	Plan     matchPlanCmd     `cmd:"" help:"Print what kith resolve takes columns for and how it compares them, to be edited and given back."`
	Report   matchReportCmd   `cmd:"" help:"Write a page on how records are matched, and how far the result is to be trusted."`
}
