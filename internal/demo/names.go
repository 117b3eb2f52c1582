package demo

type town struct{ name, area string }

var towns = []town{
	{"Bristol", "BS"}, {"Leeds", "LS"}, {"Norwich", "NR"}, {"Exeter", "EX"}, {"York", "YO"}, {"Cardiff", "CF"},
	{"Dundee", "DD"}, {"Brighton", "BN"}, {"Plymouth", "PL"}, {"Lincoln", "LN"}, {"Oxford", "OX"}, {"Bath", "BA"},
	{"Sheffield", "S"}, {"Nottingham", "NG"}, {"Swansea", "SA"}, {"Carlisle", "CA"},
}

var streets = []string{
	"Harbour Street", "Pine Road", "Church Lane", "Mill Hill", "Station Road", "Quay Side", "Orchard Close", "Victoria Terrace",
	"The Green", "Castle Street", "Albert Road", "Meadow Way", "King Street", "Bridge Street", "Elm Grove", "Chapel Lane",
	"Park Avenue", "Windsor Drive", "Rope Walk", "Market Place", "Cliff Road", "Ferry Lane", "Maple Court", "West Street",
}

var firstNames = []string{
	"Ada", "Adam", "Aisha", "Alan", "Alice", "Amelia", "Amir", "Andrew", "Angus", "Anita", "Anna", "Arthur", "Asha", "Barbara", "Benjamin",
	"Bethan", "Bilal", "Bridget", "Callum", "Carol", "Catherine", "Charles", "Chloe", "Christine", "Ciara", "Colin", "Daniel", "David", "Deborah",
	"Deepa", "Diana", "Dylan", "Edward", "Eleanor", "Elizabeth", "Emily", "Emma", "Ewan", "Farah", "Fiona", "Frances", "Fraser", "Gareth", "Gemma",
	"George", "Grace", "Graham", "Gwen", "Hannah", "Harriet", "Harry", "Heather", "Helen", "Henry", "Imran", "Iona", "Isaac", "Isla", "Jack",
	"James", "Jane", "Jasmine", "Jennifer", "Jessica", "Joan", "John", "Jonathan", "Joseph", "Joyce", "Kate", "Katherine", "Kenneth", "Kieran",
	"Laura", "Leila", "Liam", "Lucy", "Malcolm", "Margaret", "Maria", "Martin", "Mary", "Matthew", "Megan", "Michael", "Mohammed", "Nadia", "Natalie",
	"Nathan", "Niamh", "Nicholas", "Nigel", "Olivia", "Oscar", "Owen", "Patricia", "Paul", "Peter", "Philip", "Priya", "Rachel", "Rebecca", "Rhys",
	"Richard", "Robert", "Rosemary", "Ruth", "Samantha", "Samuel", "Sarah", "Sean", "Sophie", "Stephen", "Stuart", "Susan", "Thomas", "Timothy",
	"Victoria", "Vivian", "William", "Yasmin", "Yusuf", "Zara", "Zoe",
}

var lastNames = []string{
	"Abbott", "Adeyemi", "Ahmed", "Ainsworth", "Akhtar", "Allen", "Anderson", "Archer", "Ashworth", "Bailey", "Baker", "Barnes", "Begum", "Bell",
	"Bennett", "Bevan", "Bishop", "Blackwood", "Booth", "Bowen", "Bradley", "Brennan", "Brooks", "Brown", "Burke", "Butler", "Campbell", "Carter",
	"Chapman", "Chaudhry", "Clarke", "Cole", "Collins", "Cook", "Cooper", "Cox", "Crawford", "Cunningham", "Dale", "Davies", "Dawson", "Desai",
	"Dixon", "Doyle", "Duncan", "Edwards", "Elliott", "Ellis", "Evans", "Farrell", "Fletcher", "Forster", "Fox", "Fraser", "Gallagher", "Gibson",
	"Graham", "Grant", "Gray", "Green", "Griffiths", "Hall", "Hamilton", "Harris", "Hartley", "Harvey", "Hill", "Holmes", "Hughes", "Hussain",
	"Iqbal", "Jackson", "James", "Jenkins", "Johnson", "Jones", "Kapoor", "Kaur", "Kelly", "Kennedy", "Khan", "Knight", "Lambert", "Lawson",
	"Lewis", "Lloyd", "MacDonald", "MacLeod", "Marsh", "Mason", "Matthews", "McKenzie", "Mehta", "Miller", "Mitchell", "Moore", "Morgan", "Morris",
	"Murphy", "Murray", "Nash", "Newton", "O'Brien", "O'Connor", "Okafor", "Osborne", "Palmer", "Parker", "Patel", "Pearson", "Perry", "Phillips",
	"Powell", "Price", "Quinn", "Rahman", "Rees", "Reid", "Reynolds", "Richards", "Roberts", "Robertson", "Robinson", "Rogers", "Ross", "Russell",
	"Ryan", "Saunders", "Scott", "Shah", "Sharma", "Shaw", "Simpson", "Singh", "Smith", "Spencer", "Stewart", "Sutton", "Taylor", "Thomas",
	"Thompson", "Turner", "Walker", "Wallace", "Ward", "Watson", "Webb", "White", "Wilkinson", "Williams", "Wilson", "Wood", "Wright", "Young",
}

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
