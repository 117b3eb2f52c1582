// Package people makes up people and the records that scattered sources hold of them,
// with the truth of who is who and a stated rate of everything that makes matching
// hard. Everyone in it is invented; only what everybody knows (common names, towns, the
// forms of postcodes and numbers) is taken from the world.
//
// A record is a function of the settings and its place alone: nothing is held but
// tables, so ten million records need no more memory than ten, and any of them can be
// made anew.
package people

import (
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// MostRecords is how many records a population can have: numbers of telephones and
// identity cards stay distinct up to there.
const MostRecords = 50_000_000

// Settings say which population is made up. Equal Settings give equal records.
type Settings struct {
	Records   int
	Seed      uint64
	Rates     Rates
	Countries []string // ISO codes of Countries; empty: all
}

// Field is a column that describes a person.
type Field uint8

// The fields, in the order of their columns.
const (
	GivenName Field = iota
	FamilyName
	BirthDate
	Sex
	Street
	HouseNumber
	Postcode
	Town
	Region
	Country
	Phone
	Email
	NationalID
	Employer
	fields
)

// String is the column's name.
func (f Field) String() string {
	return [fields]string{"given_name", "family_name", "birth_date", "sex", "street", "house_number", "postcode", "town", "region", "country",
		"phone", "email", "national_id", "employer"}[f]
}

// Row is one record. Rows are used again and again; each goroutine has its own.
type Row struct {
	Person int // the truth: whose record it is
	Values [fields]string
	Cases  Cases // what makes it hard
	Could  Cases // what could have: a rate is a share of these
}

// Generator makes the records of one population. It does not change, and may be used by
// several goroutines at once.
type Generator struct {
	settings Settings
	nations  []*nation
	shares   ranks
	layout   layout
	sources  [5]held
	rows     shuffle // place in the file: place in the population
	phones   shuffle
	mails    shuffle
	ids      shuffle
}

// eightDigits are as many numbers as eight digits can tell apart, and identities as many
// as every country's form of a national id can.
const (
	eightDigits = 100_000_000
	identities  = 80_000_000
)

// New checks the settings and makes the tables.
func New(s Settings) (*Generator, error) {
	if s.Records < 0 || s.Records > MostRecords {
		return nil, errs.New("bad_value", "so many records cannot be made up").At("--count").Fix("give a number from 0 to " + strconv.Itoa(MostRecords))
	}
	for c, rate := range s.Rates {
		if !(rate >= 0 && rate <= 1) {
			return nil, errs.New("bad_value", "a rate lies between 0 and 1").At("--rate " + Case(c).String()).Fix("such as " + Case(c).String() + "=0.1")
		}
	}
	g := &Generator{settings: s, layout: newLayout(), sources: sources()}
	var weights []float64
	for _, c := range atlas() {
		if len(s.Countries) > 0 && !contains(s.Countries, c.code) {
			continue
		}
		g.nations = append(g.nations, newNation(c))
		weights = append(weights, c.share)
	}
	for _, code := range s.Countries {
		if !contains(Countries(), code) {
			return nil, errs.New("bad_value", "no people of that country can be made up").At("--countries").Fix("give some of " + strings.Join(Countries(), ","))
		}
	}
	g.shares = newRanks(weights)
	people := g.layout.people(s.Records)
	g.rows = newShuffle(s.Records, mix(s.Seed^streamRows))
	g.mails = newShuffle(max(100, 2*people+blockPeople*2), mix(s.Seed^streamMails))
	g.phones = newShuffle(eightDigits, mix(s.Seed^streamPhones))
	g.ids = newShuffle(identities, mix(s.Seed^streamIDs))
	return g, nil
}

func contains(list []string, s string) bool {
	for _, each := range list {
		if strings.EqualFold(each, s) {
			return true
		}
	}
	return false
}

// Records is how many records there are.
func (g *Generator) Records() int { return g.settings.Records }

// People is how many people they are of.
func (g *Generator) People() int { return g.layout.people(g.settings.Records) }

// Pairs is how many pairs of records are of one person.
func (g *Generator) Pairs() int { return g.layout.pairs(g.settings.Records) }

// Row makes the record at a place of the file, which holds them in no order.
func (g *Generator) Row(at int, r *Row) {
	place := int(g.rows.at(uint64(at))) //nolint:gosec // both are below MostRecords
	block, s := place/blockRecords, g.layout.slots[place%blockRecords]
	index := block*blockPeople + g.scatter(block, int(s.person))
	*r = Row{Person: index}
	m := mention{g: g, row: r, dice: g.dice(streamRecord, place)}
	m.who = g.person(index)
	m.tell(int(s.nth), int(s.of))
}
