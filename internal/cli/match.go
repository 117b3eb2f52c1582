package cli

// matchCmd is what looks into how records are matched.
type matchCmd struct {
	Plan matchPlanCmd `cmd:"" help:"Print what kith resolve takes columns for and how it compares them, to be edited and given back."`
}
