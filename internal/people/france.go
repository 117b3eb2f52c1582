package people

func france() *country {
	return &country{
		code: "FR", share: 10,
		female: "Marie, Nathalie, Isabelle, Catherine, Sylvie, Françoise, Monique, Christine, Martine, Valérie, Sandrine, Véronique, Stéphanie, " +
			"Sophie, Céline, Chantal, Julie, Camille, Aurélie, Émilie, Laura, Léa, Manon, Chloé, Emma, Inès, Jade, Louise, Alice, Sarah, Anne, " +
			"Hélène, Brigitte, Dominique, Nicole, Jacqueline, Michèle, Élodie, Laetitia, Virginie, Pauline, Mathilde, Lucie, Margaux, Fatima, " +
			"Yasmine, Anaïs, Zoé, Élisabeth, Madeleine",
		male: "Jean, Michel, Philippe, Pierre, Alain, Nicolas, Christophe, Patrick, Laurent, Christian, Stéphane, Thierry, Frédéric, Daniel, " +
			"Bernard, Julien, Éric, David, Sébastien, Olivier, Thomas, Alexandre, Pascal, François, Gérard, Jacques, Guillaume, Romain, " +
			"Antoine, Maxime, Kévin, Lucas, Hugo, Louis, Gabriel, Raphaël, Arthur, Jules, Adam, Mathieu, Benoît, Vincent, Jérôme, Franck, " +
			"Didier, André, René, Mohamed, Karim, Rachid, Théo, Baptiste",
		families: "Martin, Bernard, Thomas, Petit, Robert, Richard, Durand, Dubois, Moreau, Laurent, Simon, Michel, Lefebvre, Leroy, Roux, David, " +
			"Bertrand, Morel, Fournier, Girard, Bonnet, Dupont, Lambert, Fontaine, Rousseau, Vincent, Muller, Lefèvre, Faure, André, Mercier, " +
			"Blanc, Guérin, Boyer, Garnier, Chevalier, François, Legrand, Gauthier, Garcia, Perrin, Robin, Clément, Morin, Nicolas, Henry, " +
			"Roussel, Mathieu, Gautier, Masson, Marchand, Duval, Denis, Dumont, Marie, Lemaire, Noël, Meyer, Dufour, Meunier, Brun, Blanchard, " +
			"Giraud, Joly, Rivière, Lucas, Brunet, Gaillard, Barbier, Arnaud, Martinez, Gérard, Roche, Renard, Schmitt, Roy, Leroux, Colin, " +
			"Vidal, Caron, Picard, Roger, Fabre, Aubert, Lemoine, Renaud, Dumas, Lacroix, Olivier, Philippe, Bourgeois, Pierre, Benoît, Rey, " +
			"Leclerc, Payet, Rolland, Leclercq, Guillaume, Lecomte, Lopez, Jean, Dupuy, Guillot, Hubert, Berger, Carpentier, Sanchez, Benali, " +
			"Haddad, Diallo",
		fronts: "Beau, Bel, Bon, Bour, Bru, Cha, Char, Chau, Clai, Cor, Cour, Cres, Dal, Du, Fon, For, Gar, Gri, Gui, La, Lan, Lar, Mal, Mar, Mau, " +
			"Mon, Mor, Pas, Per, Pon, Ra, Ri, Ro, Sal, Tar, Val, Ver, Vil",
		backs: "bert, mont, champ, din, dier, lier, net, nier, quet, rand, reau, ret, rier, sard, tel, teau, tier, ton, trand, val, vallée, ville",
		towns: []string{
			"Paris|Île-de-France|750##", "Marseille|Provence-Alpes-Côte d'Azur|130##", "Lyon|Auvergne-Rhône-Alpes|690##",
			"Toulouse|Occitanie|310##", "Nice|Provence-Alpes-Côte d'Azur|060##", "Nantes|Pays de la Loire|440##",
			"Montpellier|Occitanie|340##", "Strasbourg|Grand Est|670##", "Bordeaux|Nouvelle-Aquitaine|330##", "Lille|Hauts-de-France|590##",
			"Rennes|Bretagne|350##", "Reims|Grand Est|511##", "Le Havre|Normandie|766##", "Saint-Étienne|Auvergne-Rhône-Alpes|420##",
			"Grenoble|Auvergne-Rhône-Alpes|380##", "Dijon|Bourgogne-Franche-Comté|210##", "Angers|Pays de la Loire|490##",
			"Brest|Bretagne|292##", "Besançon|Bourgogne-Franche-Comté|250##", "Orléans|Centre-Val de Loire|450##",
		},
		streets: "",
		stems: "de la République, Victor Hugo, de la Gare, de l'Église, des Écoles, du Moulin, Pasteur, Jean Jaurès, de la Mairie, des Lilas, du " +
			"Château, de la Fontaine, des Jardins, de Verdun, Gambetta, des Acacias, du Stade, Saint-Martin, de la Paix, des Tilleuls, du " +
			"Général Leclerc, Voltaire, du Lavoir, des Vignes, de Bretagne, du Port, des Rosiers, de la Liberté, Émile Zola, du Bois, des Prés, " +
			"de Lyon, de Paris, du Marché",
		ways:    "rue %, avenue %, place %, chemin %, boulevard %, impasse %",
		short:   []string{"rue ", "r. ", "avenue ", "av. ", "boulevard ", "bd ", "place ", "pl. ", "chemin ", "ch. ", "impasse ", "imp. "},
		titles:  [2]string{"Mme, Mme, Mlle, Dr", "M., M., M., Dr"},
		firms:   "SARL, SA, et Fils, Transports, Conseil, Bâtiment SARL, Clinique, Services SAS",
		calling: "33", trunk: "0", mobiles: "6, 7, 9", grouping: []int{1, 2, 2, 2, 2},
		id: func(_ *dice, number int, p *person) string { // of department 99, a commune that is none
			s := digits(number, 8)
			head := itoa(2-p.sex) + digits(p.birth.year%100, 2) + digits(p.birth.month, 2) + "99" + s[:3] + s[3:6]
			n := 0
			for _, c := range []byte(head) {
				n = (n*10 + int(c-'0')) % 97
			}
			return head + digits(97-n, 2)
		},
		nicknames: "Catherine=Cathy, Christine=Chris, Stéphanie=Steph, Élisabeth=Babeth Lise, Véronique=Véro, Sandrine=Sandy, Dominique=Domi, " +
			"Madeleine=Mado, Françoise=Fanfan, Mathilde=Mathou, Virginie=Ninie, Isabelle=Isa, Nathalie=Nath, Philippe=Phil, Nicolas=Nico, " +
			"Christophe=Chris Tophe, Frédéric=Fred, Stéphane=Steph, Sébastien=Seb, Alexandre=Alex, Guillaume=Guigui, Antoine=Toine, Maxime=Max, " +
			"Mathieu=Mat, Vincent=Vince, Benoît=Ben, Thierry=Titi, Jérôme=Jéjé, Raphaël=Raph, Gabriel=Gaby, Bernard=Nanard, Michel=Mimi",
	}
}
