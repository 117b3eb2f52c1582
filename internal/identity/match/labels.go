package match

// Label is what somebody who looked at two rows said of them.
type Label struct {
	A, B   int32 // rows
	Same   bool  // they are of one person
	Random bool  // the pair was drawn, and not chosen for what it would teach
}
