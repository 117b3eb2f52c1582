package demo

// nicknames are what friends call those of the shop: one each.
var nicknames = map[string]string{
	"Andrew": "Andy", "Benjamin": "Ben", "Catherine": "Cathy", "Charles": "Charlie", "Christine": "Chris", "Daniel": "Dan", "David": "Dave",
	"Deborah": "Debbie", "Edward": "Ted", "Eleanor": "Nell", "Elizabeth": "Liz", "Jennifer": "Jenny", "Jonathan": "Jon", "Joseph": "Joe",
	"Katherine": "Kate", "Kenneth": "Ken", "Margaret": "Maggie", "Matthew": "Matt", "Michael": "Mike", "Nicholas": "Nick", "Patricia": "Pat",
	"Philip": "Phil", "Rebecca": "Becky", "Richard": "Dick", "Robert": "Bob", "Samantha": "Sam", "Samuel": "Sam", "Stephen": "Steve",
	"Susan": "Sue", "Thomas": "Tom", "Timothy": "Tim", "Victoria": "Vicky", "William": "Bill",
}

var products = []struct {
	Name  string
	Price int // pence
}{
	{"Oak side table", 8900}, {"Linen cushion", 2450}, {"Brass reading lamp", 6400}, {"Wool throw", 5500}, {"Stoneware mug", 1200},
	{"Pine bookshelf", 14900}, {"Sea-glass vase", 3200}, {"Rope door mat", 2100}, {"Lighthouse print", 1800}, {"Enamel kettle", 4200},
	{"Sailcloth bag", 3800}, {"Driftwood mirror", 11200}, {"Beeswax candle", 950}, {"Willow basket", 2700}, {"Harbour stool", 7300},
}
