package people

func poland() *country {
	return &country{
		code: "PL", share: 6,
		female: "Anna, Maria, Katarzyna, Małgorzata, Agnieszka, Barbara, Ewa, Krystyna, Magdalena, Elżbieta, Joanna, Aleksandra, Zofia, Monika, " +
			"Teresa, Danuta, Natalia, Karolina, Marta, Beata, Dorota, Janina, Julia, Jadwiga, Alicja, Jolanta, Iwona, Grażyna, Paulina, " +
			"Justyna, Zuzanna, Hanna, Bożena, Urszula, Wiktoria, Halina, Helena, Emilia, Sylwia, Irena",
		male: "Piotr, Krzysztof, Andrzej, Tomasz, Jan, Paweł, Michał, Marcin, Stanisław, Jakub, Adam, Marek, Łukasz, Grzegorz, Mateusz, Wojciech, " +
			"Mariusz, Dariusz, Zbigniew, Jerzy, Maciej, Rafał, Robert, Kamil, Józef, Jacek, Tadeusz, Ryszard, Szymon, Kacper, Bartosz, " +
			"Jarosław, Janusz, Artur, Sławomir, Mirosław, Sebastian, Henryk, Dawid, Przemysław, Filip, Antoni, Franciszek, Aleksander, Wiesław",
		families: "Nowak, Kowalski, Wiśniewski, Wójcik, Kowalczyk, Kamiński, Lewandowski, Zieliński, Szymański, Woźniak, Dąbrowski, Kozłowski, Mazur, " +
			"Jankowski, Wojciechowski, Kwiatkowski, Krawczyk, Kaczmarek, Piotrowski, Grabowski, Zając, Pawłowski, Król, Michalski, Wróbel, " +
			"Wieczorek, Jabłoński, Nowakowski, Majewski, Olszewski, Dudek, Stępień, Malinowski, Jaworski, Adamczyk, Nowicki, Górski, Pawlak, " +
			"Sikora, Witkowski, Walczak, Baran, Rutkowski, Michalak, Szewczyk, Ostrowski, Tomaszewski, Pietrzak, Zalewski, Wróblewski, " +
			"Marciniak, Jasiński, Zawadzki, Sadowski, Bąk, Jakubowski, Duda, Włodarczyk, Wilk, Chmielewski, Borkowski, Sokołowski, Szczepański, " +
			"Sawicki, Lis, Kucharski, Kalinowski, Mazurek, Wysocki, Maciejewski, Kołodziej, Kubiak, Czarnecki",
		fronts: "Bago, Bart, Biel, Bog, Bor, Brzez, Budz, Cheł, Czar, Dob, Gaj, Głog, Gra, Jag, Jas, Kar, Kos, Kras, Krup, Lip, Lub, Łaz, Mal, Mas, " +
			"Mor, Niw, Ork, Pod, Rad, Raj, Rog, Rud, Sar, Star, Stad, Tar, Urb, War, Wit, Zar, Żuk",
		backs: "owski, iński, ewski, nicki, iak, czyk, arz, ecki, icz, owicz, ak, ek",
		towns: []string{
			"Warszawa|mazowieckie|00-###", "Kraków|małopolskie|30-###", "Łódź|łódzkie|90-###", "Wrocław|dolnośląskie|50-###",
			"Poznań|wielkopolskie|60-###", "Gdańsk|pomorskie|80-###", "Szczecin|zachodniopomorskie|70-###",
			"Bydgoszcz|kujawsko-pomorskie|85-###", "Lublin|lubelskie|20-###", "Białystok|podlaskie|15-###", "Katowice|śląskie|40-###",
			"Gdynia|pomorskie|81-###", "Częstochowa|śląskie|42-###", "Radom|mazowieckie|26-###", "Toruń|kujawsko-pomorskie|87-###",
			"Kielce|świętokrzyskie|25-###", "Rzeszów|podkarpackie|35-###", "Olsztyn|warmińsko-mazurskie|10-###", "Opole|opolskie|45-###",
			"Zielona Góra|lubuskie|65-###",
		},
		streets: "Rynek, Stary Rynek, plac Wolności, plac Kościuszki",
		stems: "Polna, Leśna, Słoneczna, Krótka, Szkolna, Ogrodowa, Lipowa, Łąkowa, Brzozowa, Kwiatowa, Kościelna, Sosnowa, Zielona, Parkowa, " +
			"Akacjowa, Kolejowa, Mickiewicza, Kościuszki, Sienkiewicza, Słowackiego, Długa, Ogrodnicza, Dębowa, Wiejska, Klonowa, Spacerowa, " +
			"Młyńska, Górna, Dworcowa, Sportowa, Cicha, Nowa, Piaskowa, Wspólna, Różana",
		ways:    "ulica %, aleja %",
		short:   []string{"ulica ", "ul. ", "aleja ", "al. ", "plac ", "pl. "},
		titles:  [2]string{"Pani, Pani, dr", "Pan, Pan, dr, inż."},
		firms:   "Sp. z o.o., S.A., i Synowie, Transport Sp. z o.o., Budownictwo, Usługi, Przychodnia, Handel Sp. j.",
		calling: "48", trunk: "", mobiles: "5, 6, 7, 8", grouping: []int{3, 3, 3},
		feminine: "ski cki dzki, ska cka dzka",
		id: func(_ *dice, number int, p *person) string { // birth date, a number, and a last digit that is no valid check
			month := p.birth.month
			if p.birth.year >= 2000 {
				month += 20
			}
			s := digits(p.birth.year%100, 2) + digits(month, 2) + digits(p.birth.day, 2) + digits(number%10000, 4)
			sum := 0
			for i, c := range []byte(s) {
				sum += [...]int{1, 3, 7, 9}[i%4] * int(c-'0')
			}
			return s + digits((11-sum%10)%10, 1)
		},
		nicknames: "Katarzyna=Kasia Kaśka, Małgorzata=Gosia Małgosia, Agnieszka=Aga, Barbara=Basia, Ewa=Ewka, Krystyna=Krysia, Magdalena=Magda, " +
			"Elżbieta=Ela, Joanna=Asia, Aleksandra=Ola, Zofia=Zosia, Anna=Ania, Maria=Marysia, Danuta=Danka, Natalia=Natka, Karolina=Karola, " +
			"Jadwiga=Jadzia, Alicja=Ala, Jolanta=Jola, Zuzanna=Zuzia, Hanna=Hania, Piotr=Piotrek, Krzysztof=Krzysiek Krzyś, Andrzej=Jędrek, " +
			"Tomasz=Tomek, Jan=Janek Jasiek, Michał=Michałek, Stanisław=Staszek Stach, Jakub=Kuba, Łukasz=Łukaszek, Grzegorz=Grzesiek, " +
			"Wojciech=Wojtek, Zbigniew=Zbyszek, Jerzy=Jurek, Maciej=Maciek, Józef=Józek, Tadeusz=Tadek, Ryszard=Rysiek, Bartosz=Bartek, " +
			"Jarosław=Jarek, Sławomir=Sławek, Mirosław=Mirek, Henryk=Heniek, Franciszek=Franek, Aleksander=Olek, Antoni=Antek, Dariusz=Darek, " +
			"Mateusz=Mati",
	}
}
