package cli

// matchCmd is what belongs to finding who is who in files, besides finding it.
type matchCmd struct {
	Report matchReportCmd `cmd:"" help:"Write a page on how records are matched, and how far the result is to be trusted."`
}
