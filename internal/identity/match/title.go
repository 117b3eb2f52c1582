package match

import "strings"

// titles are words in front of a person's name that are no part of it, in the languages
// of Europe and India.
var titles = func() map[string]bool {
	all := map[string]bool{}
	for _, t := range strings.Fields(`
		mr mrs ms miss mx messrs dr doctor prof professor sir madam lady lord rev reverend fr hon judge capt captain maj major col colonel lt sgt
		herr frau frl fraulein dipl mag ing
		monsieur madame mademoiselle mme mlle mlles mm maitre
		senor senora senorita sr sra srta dona
		signor signora signorina sig sigra dott dottssa dottoressa avv
		dhr mevr mevrouw mw meneer drs ir
		pan pani inz mgr hab
		shri smt sri kumari
		doutor doutora senhor senhora`) {
		all[t] = true
	}
	return all
}()

// untitled is a name without the titles in front of it, as long as something is left.
func untitled(v string) string {
	for {
		first, rest, more := strings.Cut(v, " ")
		if !more || !titles[first] {
			return v
		}
		v = rest
	}
}
