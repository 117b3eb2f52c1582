package people

func germany() *country {
	return &country{
		code: "DE", share: 12,
		female: "Maria, Ursula, Anna, Petra, Sabine, Monika, Renate, Andrea, Claudia, Susanne, Karin, Brigitte, Julia, Stefanie, Nicole, Katharina, " +
			"Christina, Sandra, Melanie, Birgit, Elisabeth, Helga, Ingrid, Gisela, Martina, Heike, Gabriele, Angelika, Sarah, Laura, Lea, Lena, " +
			"Hannah, Sophie, Marie, Mia, Emma, Johanna, Franziska, Kerstin, Silke, Anja, Tanja, Bärbel, Käthe, Fatma, Elif, Zeynep, Olga, " +
			"Natascha, Frieda, Greta, Charlotte, Clara, Antonia, Magdalena",
		male: "Peter, Michael, Thomas, Andreas, Wolfgang, Klaus, Jürgen, Günter, Stefan, Christian, Uwe, Werner, Horst, Frank, Dieter, Manfred, " +
			"Gerhard, Hans, Bernd, Thorsten, Matthias, Helmut, Walter, Heinz, Martin, Jörg, Rolf, Jens, Sven, Alexander, Jan, Daniel, Tobias, " +
			"Florian, Sebastian, Maximilian, Lukas, Leon, Paul, Jonas, Felix, Finn, Ben, Elias, Noah, Karl, Friedrich, Heinrich, Otto, Mehmet, " +
			"Mustafa, Ali, Sergej, Dimitri, Björn, Götz, Rainer, Ralf, Markus, Philipp",
		families: "Müller, Schmidt, Schneider, Fischer, Weber, Meyer, Wagner, Becker, Schulz, Hoffmann, Schäfer, Koch, Bauer, Richter, Klein, Wolf, " +
			"Schröder, Neumann, Schwarz, Zimmermann, Braun, Krüger, Hofmann, Hartmann, Lange, Schmitt, Werner, Schmitz, Krause, Meier, Lehmann, " +
			"Schmid, Schulze, Maier, Köhler, Herrmann, König, Walter, Mayer, Huber, Kaiser, Fuchs, Peters, Lang, Scholz, Möller, Weiß, Jung, " +
			"Hahn, Schubert, Vogel, Friedrich, Keller, Günther, Frank, Berger, Winkler, Roth, Beck, Lorenz, Baumann, Franke, Albrecht, " +
			"Schuster, Simon, Ludwig, Böhm, Winter, Kraus, Martin, Schumacher, Krämer, Vogt, Stein, Jäger, Otto, Sommer, Groß, Seidel, " +
			"Heinrich, Brandt, Haas, Schreiber, Graf, Schulte, Dietrich, Ziegler, Kuhn, Kühn, Pohl, Engel, Horn, Busch, Bergmann, Thomas, " +
			"Voigt, Sauer, Arnold, Wolff, Pfeiffer, Yilmaz, Kaya, Demir, Öztürk, Nowak, Petersen, Hansen",
		fronts: "Acker, Alten, Bach, Birken, Bruck, Buch, Dorn, Eichen, Ellen, Falken, Feld, Frei, Gries, Hagen, Hasel, Heiden, Hohen, Kirch, " +
			"Klingen, Kreuz, Lauter, Linden, Mittel, Neu, Nieder, Ober, Rosen, Sand, Schön, Stein, Tannen, Unter, Wald, Weiden, Wester, Wiesen",
		backs: "berger, mann, bauer, müller, maier, huber, hofer, bacher, felder, thal, stein, kamp, meyer, brink, städter, reiter",
		towns: []string{
			"Berlin|Berlin|10###", "Hamburg|Hamburg|20###", "München|Bayern|80###", "Köln|Nordrhein-Westfalen|50###",
			"Frankfurt am Main|Hessen|60###", "Stuttgart|Baden-Württemberg|70###", "Düsseldorf|Nordrhein-Westfalen|40###",
			"Leipzig|Sachsen|04###", "Dortmund|Nordrhein-Westfalen|44###", "Essen|Nordrhein-Westfalen|45###", "Bremen|Bremen|28###",
			"Dresden|Sachsen|01###", "Hannover|Niedersachsen|30###", "Nürnberg|Bayern|90###", "Münster|Nordrhein-Westfalen|48###",
			"Karlsruhe|Baden-Württemberg|76###", "Kiel|Schleswig-Holstein|24###", "Würzburg|Bayern|97###", "Göttingen|Niedersachsen|37###",
			"Freiburg im Breisgau|Baden-Württemberg|79###", "Lübeck|Schleswig-Holstein|23###",
		},
		streets: "Am Markt, Am Bahnhof, An der Mühle, Im Winkel, Auf der Höhe, Unter den Linden, Zum Sportplatz, Alte Gasse",
		stems: "Ahorn, Amsel, Bach, Bahnhof, Berg, Birken, Blumen, Brunnen, Buchen, Burg, Dorf, Eichen, Feld, Fichten, Finken, Friedhof, Garten, " +
			"Goethe, Haupt, Heide, Hoch, Industrie, Jahn, Kastanien, Kirch, Linden, Markt, Mozart, Mühlen, Park, Post, Ring, Rosen, Schiller, " +
			"Schloss, Schul, Sonnen, Tal, Tannen, Ufer, Wald, Wiesen",
		ways:    "%straße, %weg, %allee, %gasse",
		short:   []string{"straße", "str.", "gasse", "g."},
		titles:  [2]string{"Frau, Frau, Frau, Dr.", "Herr, Herr, Herr, Dr., Prof. Dr."},
		firms:   "GmbH, AG, & Söhne KG, Maschinenbau GmbH, Logistik GmbH, Klinik, Bau GmbH, Elektrotechnik",
		calling: "49", trunk: "0", mobiles: "15, 16, 17", grouping: []int{3, 7},
		id: func(d *dice, number int, _ *person) string { // those that begin with 0 are given to nobody
			return "0" + digits(number, 8) + digits(d.n(100), 2)
		},
		nicknames: "Katharina=Kathi Käthe, Elisabeth=Lisa Elli Sissi, Susanne=Susi, Stefanie=Steffi, Gabriele=Gabi, Christina=Tina, Johanna=Hanna, " +
			"Franziska=Franzi, Charlotte=Lotte, Magdalena=Lena, Ursula=Uschi, Angelika=Geli, Sabine=Bine, Antonia=Toni, Brigitte=Gitte, " +
			"Michael=Michi, Andreas=Andi, Wolfgang=Wolfi, Stefan=Steff, Christian=Chris, Matthias=Matze, Alexander=Alex, Tobias=Tobi, " +
			"Sebastian=Basti, Maximilian=Max, Friedrich=Fritz, Heinrich=Heiner Heinz, Johannes=Hans, Thorsten=Totti, Bernd=Berni, Philipp=Phil, " +
			"Günter=Günni, Manfred=Manni, Florian=Flo, Gerhard=Gerd",
	}
}
