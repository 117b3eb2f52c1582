package cli

// matchCmd is what belongs to finding who is who in files, besides finding it.
type matchCmd struct {
	Plan   matchPlanCmd   `cmd:"" help:"Print what kith resolve takes columns for and how it compares them, to be edited and given back."`
	Report matchReportCmd `cmd:"" help:"Write a page on how records are matched, and how far the result is to be trusted."`
}
