package people

func spain() *country {
	return &country{
		code: "ES", share: 8,
		female: "María, Carmen, Ana, Isabel, Laura, Cristina, Marta, Lucía, Josefa, Dolores, Francisca, Pilar, Antonia, Elena, Paula, Sara, " +
			"Mercedes, Raquel, Rosa, Teresa, Beatriz, Nuria, Silvia, Julia, Irene, Patricia, Rocío, Montserrat, Andrea, Alba, Sofía, Martina, " +
			"Daniela, Encarnación, Concepción, Mónica, Inmaculada, Yolanda, Sonia, Susana, Eva, Claudia, Alicia, Ainhoa, Nerea, Begoña, " +
			"Consuelo, Rosario, Guadalupe, Valentina",
		male: "Antonio, José, Manuel, Francisco, David, Juan, Javier, Daniel, Carlos, Jesús, Alejandro, Miguel, Rafael, Pedro, Pablo, Ángel, " +
			"Sergio, Fernando, Jorge, Luis, Alberto, Álvaro, Adrián, Diego, Raúl, Iván, Enrique, Ramón, Vicente, Andrés, Óscar, Rubén, Joaquín, " +
			"Santiago, Eduardo, Víctor, Roberto, Mario, Jaime, Ignacio, Marcos, Hugo, Martín, Lucas, Nicolás, Iker, Gonzalo, Guillermo, Tomás, " +
			"Salvador",
		families: "García, Rodríguez, González, Fernández, López, Martínez, Sánchez, Pérez, Gómez, Martín, Jiménez, Hernández, Ruiz, Díaz, Moreno, " +
			"Muñoz, Álvarez, Romero, Gutiérrez, Alonso, Navarro, Torres, Domínguez, Ramos, Vázquez, Ramírez, Gil, Serrano, Morales, Molina, " +
			"Blanco, Suárez, Castro, Ortega, Delgado, Ortiz, Marín, Rubio, Núñez, Medina, Sanz, Castillo, Iglesias, Cortés, Garrido, Santos, " +
			"Guerrero, Lozano, Cano, Cruz, Méndez, Flores, Prieto, Herrera, Peña, León, Márquez, Cabrera, Gallego, Calvo, Vidal, Campos, Reyes, " +
			"Vega, Fuentes, Carrasco, Díez, Aguilar, Caballero, Nieto, Santana, Vargas, Pascual, Giménez, Herrero, Hidalgo, Montero, Lorenzo, " +
			"Santiago, Benítez, Durán, Ibáñez, Arias, Mora, Ferrer, Carmona, Vicente, Rojas, Soto, Crespo, Román, Pastor, Velasco, Parra, Sáez, " +
			"Moya, Bravo, Rivera, Gallardo, Soler",
		fronts: "Al, Ar, Az, Bar, Bel, Ben, Ber, Bus, Cal, Can, Car, Cas, Cor, Du, Es, Gal, Gar, Gor, Gue, Her, La, Lar, Mar, Mon, Mu, Oli, Or, " +
			"Pal, Pe, Qui, Ri, Sal, San, Ta, Val, Ve, Vi, Za",
		backs: "bero, cedo, dela, dero, gado, garra, llano, lledo, mosa, nera, niega, rada, rales, randa, rrero, ruelo, tero, varro, viedo, yano, " +
			"zaga, zano",
		towns: []string{
			"Madrid|Madrid|280##", "Barcelona|Cataluña|080##", "Valencia|Comunidad Valenciana|460##", "Sevilla|Andalucía|410##",
			"Zaragoza|Aragón|500##", "Málaga|Andalucía|290##", "Murcia|Murcia|300##", "Palma|Islas Baleares|070##", "Bilbao|País Vasco|480##",
			"Alicante|Comunidad Valenciana|030##", "Córdoba|Andalucía|140##", "Valladolid|Castilla y León|470##", "Vigo|Galicia|362##",
			"Gijón|Asturias|332##", "A Coruña|Galicia|150##", "Granada|Andalucía|180##", "Oviedo|Asturias|330##", "Cádiz|Andalucía|110##",
			"Salamanca|Castilla y León|370##", "Pamplona|Navarra|310##", "Logroño|La Rioja|260##",
		},
		streets: "Gran Vía, Paseo Marítimo, Plaza Mayor, Rambla Nueva",
		stems: "Mayor, Real, del Sol, de la Iglesia, San José, San Juan, Santa María, del Carmen, de la Paz, Nueva, de la Fuente, Cervantes, de " +
			"Madrid, Colón, del Prado, de la Constitución, Miguel Hernández, de los Olivos, Goya, Velázquez, de las Flores, del Mar, de " +
			"Andalucía, Libertad, del Río, de la Estación, San Antonio, Santiago, del Pilar, de España, Buenos Aires, del Molino, de la Cruz",
		ways:    "calle %, avenida %, plaza %, paseo %, camino %",
		short:   []string{"calle ", "c/ ", "avenida ", "avda. ", "plaza ", "pl. ", "paseo ", "p.º "},
		titles:  [2]string{"Sra., Srta., D.ª, Dra.", "Sr., D., Sr., Dr."},
		firms:   "S.L., S.A., e Hijos, Construcciones S.L., Transportes, Hostelería S.L., Clínica, Asesores",
		calling: "34", trunk: "", mobiles: "6", grouping: []int{3, 3, 3},
		keepsName: true, two: true,
		id: func(_ *dice, number int, _ *person) string {
			return digits(number, 8) + string("TRWAGMYFPDXBNJZSQVHLCKE"[number%23])
		},
		nicknames: "María=Mari Mariví, Dolores=Lola Loli, Francisca=Paca Paqui, Josefa=Pepa Fina, Concepción=Concha Conchi, Mercedes=Merche, " +
			"Isabel=Isa Chabela, Encarnación=Encarna, Inmaculada=Inma, Montserrat=Montse, Rosario=Charo, Consuelo=Chelo, Teresa=Tere Maite, " +
			"Beatriz=Bea, Cristina=Cris, Guadalupe=Lupe, Pilar=Pili, Antonia=Toñi, José=Pepe, Francisco=Paco Fran Curro, Manuel=Manolo Lolo, " +
			"Antonio=Toño Toni, Javier=Javi, Alejandro=Álex Jandro, Jesús=Chus Suso, Rafael=Rafa, Ignacio=Nacho, Enrique=Quique, " +
			"Santiago=Santi, Eduardo=Edu, Vicente=Chente, Guillermo=Guille, Alberto=Berto, Roberto=Rober, Fernando=Fer Nando, Daniel=Dani, " +
			"Salvador=Salva, Joaquín=Quino, Gonzalo=Gonza",
	}
}
