package people

func netherlands() *country {
	return &country{
		code: "NL", share: 6,
		female: "Maria, Johanna, Anna, Cornelia, Elisabeth, Wilhelmina, Catharina, Hendrika, Petronella, Adriana, Monique, Esther, Sandra, Linda, " +
			"Ingrid, Saskia, Marieke, Anouk, Lotte, Sanne, Emma, Julia, Sophie, Eva, Lieke, Fleur, Noa, Tess, Femke, Annelies, Marloes, Ilse, " +
			"Janneke, Mirjam, Truus, Greetje, Fatima, Naima",
		male: "Johannes, Jan, Cornelis, Hendrik, Willem, Pieter, Gerrit, Petrus, Jacobus, Adrianus, Antonius, Franciscus, Martinus, Dirk, Peter, " +
			"Erik, Marco, Bas, Jeroen, Martijn, Sander, Daan, Sem, Lucas, Levi, Luuk, Bram, Thijs, Lars, Ruben, Mohamed, Youssef, Kees, Joost, " +
			"Maarten, Wouter, Niels, Tim, Rik, Hans",
		families: "de Jong, Jansen, de Vries, van den Berg, van Dijk, Bakker, Janssen, Visser, Smit, Meijer, de Boer, Mulder, de Groot, Bos, Vos, " +
			"Peters, Hendriks, van Leeuwen, Dekker, Brouwer, de Wit, Dijkstra, Smits, de Graaf, van der Meer, van der Linden, Kok, Jacobs, de " +
			"Haan, Vermeulen, van den Heuvel, van der Veen, van den Broek, de Bruijn, de Bruin, van der Heijden, Schouten, van Beek, Willems, " +
			"van Vliet, van de Ven, Hoekstra, Maas, Verhoeven, Koster, van Dam, van der Wal, Prins, Blom, Huisman, Peeters, de Jonge, Kuipers, " +
			"van Veen, Post, Kuiper, Veenstra, Kramer, van den Brink, Scholten, van Wijk, Postma, Martens, Vink, de Ruiter, Timmermans, Groen, " +
			"Gerritsen, Jonker, van Loon, Boer, van der Velde, Willemsen, Smeets, Bosman, El Amrani, Yilmaz",
		fronts: "van der, van de, van den, van, Nieuw, Oud, Groot, Klein, Hoog, Laag, Oost, West, Noord, Zuid, Water, Berken, Eiken",
		backs: "beek, bosch, burg, dijk, eijk, hoek, horst, kamp, laan, land, molen, poel, sande, schans, sluis, stad, tuin, veld, weide, werf, " +
			"zee, zijl",
		towns: []string{
			"Amsterdam|Noord-Holland|10## @@", "Rotterdam|Zuid-Holland|30## @@", "Den Haag|Zuid-Holland|25## @@", "Utrecht|Utrecht|35## @@",
			"Eindhoven|Noord-Brabant|56## @@", "Groningen|Groningen|97## @@", "Tilburg|Noord-Brabant|50## @@", "Almere|Flevoland|13## @@",
			"Breda|Noord-Brabant|48## @@", "Nijmegen|Gelderland|65## @@", "Arnhem|Gelderland|68## @@", "Haarlem|Noord-Holland|20## @@",
			"Enschede|Overijssel|75## @@", "Zwolle|Overijssel|80## @@", "Leiden|Zuid-Holland|23## @@", "Maastricht|Limburg|62## @@",
			"Leeuwarden|Friesland|89## @@",
		},
		streets: "Achter de Kerk, Het Hof, Aan de Dijk, De Meent",
		stems: "Beatrix, Berken, Beuken, Bloemen, Boom, Brink, Burgemeester, Dorps, Eiken, Emma, Hoofd, Iepen, Industrie, Juliana, Kanaal, " +
			"Kastanje, Kerk, Lange, Linden, Markt, Molen, Nassau, Nieuwe, Oranje, Park, Polder, Prins Hendrik, Raadhuis, School, Singel, " +
			"Stations, Tulpen, Veen, Vondel, Water, Wilhelmina, Wilgen, Zand",
		ways:    "%straat, %weg, %laan, %plein, %kade",
		short:   []string{"straat", "str.", "laan", "ln.", "plein", "pln."},
		titles:  [2]string{"mevr., mw., dr.", "dhr., dhr., dr., ir."},
		firms:   "B.V., N.V., & Zonen, Transport B.V., Bouw B.V., Installatietechniek, Zorg, Advies B.V.",
		calling: "31", trunk: "0", mobiles: "6", grouping: []int{1, 8},
		id: func(d *dice, number int, _ *person) string { // nine digits that fail the check of eleven by one: given to nobody
			s, sum := digits(number, 8), 0
			for i, c := range []byte(s) {
				sum += (9 - i) * int(c-'0')
			}
			return s + digits((sum+1)%11%10, 1)
		},
		nicknames: "Johanna=Jo Annie Hanneke, Maria=Marijke Ria Mieke, Cornelia=Corrie Nelly, Elisabeth=Lies Els Betty, Wilhelmina=Willy Mina, " +
			"Catharina=Trijntje Toos Karin, Hendrika=Riek Henny, Petronella=Nel, Adriana=Ria, Johannes=Jan Hans Joop, Cornelis=Kees Cor, " +
			"Hendrik=Henk Rik, Willem=Wim, Pieter=Piet, Gerrit=Ger, Petrus=Piet Peter, Jacobus=Jaap Koos, Adrianus=Ad Arie, Antonius=Ton Toon, " +
			"Franciscus=Frans Cisco, Martinus=Tinus Martin, Mohamed=Mo, Maarten=Mart",
	}
}
