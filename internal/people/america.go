package people

func america() *country {
	return &country{
		code: "US", share: 22,
		female: "Mary, Jennifer, Linda, Patricia, Elizabeth, Jessica, Ashley, Emily, Sarah, Michelle, Lisa, Amanda, Melissa, Karen, Nancy, " +
			"Kimberly, Susan, Donna, Stephanie, Nicole, Emma, Olivia, Ava, Sophia, Isabella, Madison, Hannah, Samantha, Lauren, Rachel, Megan, " +
			"Amber, Brittany, Danielle, Rebecca, Christine, Angela, Heather, Tiffany, Crystal, Maria, Carmen, Rosa, Guadalupe, Ana, Laura, " +
			"Cynthia, Sandra, Sharon, Carol, Ruth, Dorothy, Betty, Helen, Virginia, Brenda, Pamela, Deborah, Kathleen, Teresa, Julie, Erin, " +
			"Vanessa, Natalie, Grace, Alexis, Taylor, Kayla, Jasmine, Destiny, Aaliyah, Ebony, Keisha, Latoya, Mei, Linh, Priya, Naomi, " +
			"Abigail, Chloe",
		male: "James, Michael, John, Robert, David, William, Christopher, Joseph, Richard, Daniel, Matthew, Joshua, Andrew, Thomas, Anthony, " +
			"Jacob, Ryan, Brandon, Kevin, Brian, Jason, Justin, Eric, Steven, Jeffrey, Timothy, Mark, Charles, Tyler, Nicholas, Alexander, " +
			"Ethan, Noah, Mason, Logan, Jose, Juan, Carlos, Luis, Jesus, Miguel, Antonio, Kenneth, Edward, George, Ronald, Gary, Larry, Dennis, " +
			"Frank, Scott, Gregory, Raymond, Patrick, Benjamin, Samuel, Zachary, Dylan, Hunter, Austin, Jordan, Cameron, Aaron, Nathan, Adam, " +
			"Kyle, Derek, Marcus, Tyrone, Darnell, Jamal, Andre, Wei, Minh, Raj, Isaiah, Elijah, Caleb, Walter, Harold",
		families: "Smith, Johnson, Williams, Brown, Jones, Garcia, Miller, Davis, Rodriguez, Martinez, Hernandez, Lopez, Gonzalez, Wilson, Anderson, " +
			"Thomas, Taylor, Moore, Jackson, Martin, Lee, Perez, Thompson, White, Harris, Sanchez, Clark, Ramirez, Lewis, Robinson, Walker, " +
			"Young, Allen, King, Wright, Scott, Torres, Nguyen, Hill, Flores, Green, Adams, Nelson, Baker, Hall, Rivera, Campbell, Mitchell, " +
			"Carter, Roberts, Gomez, Phillips, Evans, Turner, Diaz, Parker, Cruz, Edwards, Collins, Reyes, Stewart, Morris, Morales, Murphy, " +
			"Cook, Rogers, Gutierrez, Ortiz, Morgan, Cooper, Peterson, Bailey, Reed, Kelly, Howard, Ramos, Kim, Cox, Ward, Richardson, Watson, " +
			"Brooks, Chavez, Wood, James, Bennett, Gray, Mendoza, Ruiz, Hughes, Price, Alvarez, Castillo, Sanders, Patel, Myers, Long, Ross, " +
			"Foster, Jimenez, Powell, Jenkins, Perry, Russell, Sullivan, Bell, Coleman, Butler, Henderson, Barnes, Fisher, Vasquez, Simmons, " +
			"Schmidt, Schneider, Kowalski, Olson, Larsen, O'Neill, McDonald, Washington, Jefferson, Freeman, Chen, Wang, Tran, Pham, Singh, " +
			"Goldberg, Rossi, Romano",
		fronts: "Ander, Berg, Bjorn, Carl, Dahl, Eck, Fitz, Hal, Hamil, Hend, Jack, Lar, Lind, Mag, Mac, Nor, Ols, Pat, Peder, Rich, Rob, Sand, " +
			"Swen, Thor, Wat, Wil, Hutch, Dick, Mor, Rand, Gil, Col, Har, Emer, Stev",
		backs: "son, sen, strom, quist, man, ton, gren, berg, ley, er, rick, ard, mann, wood, field",
		towns: []string{
			"New York|NY|100##", "Los Angeles|CA|900##", "Chicago|IL|606##", "Houston|TX|770##", "Phoenix|AZ|850##", "Philadelphia|PA|191##",
			"San Antonio|TX|782##", "San Diego|CA|921##", "Dallas|TX|752##", "Austin|TX|787##", "Columbus|OH|432##", "Charlotte|NC|282##",
			"Seattle|WA|981##", "Denver|CO|802##", "Boston|MA|021##", "Nashville|TN|372##", "Portland|OR|972##", "Memphis|TN|381##",
			"Baltimore|MD|212##", "Milwaukee|WI|532##", "Albuquerque|NM|871##", "Tucson|AZ|857##", "Omaha|NE|681##", "Minneapolis|MN|554##",
			"Springfield|IL|627##", "Springfield|MO|658##", "Columbus|GA|319##",
		},
		streets: "",
		stems: "1st, 2nd, 3rd, 4th, 5th, Adams, Aspen, Bay, Birch, Blue Ridge, Canyon, Cedar, Center, Cherry, Chestnut, Church, College, " +
			"Cottonwood, Court, Creek, Cypress, Dogwood, Eagle, Elm, Forest, Fox Hollow, Franklin, Grant, Hickory, Highland, Hill, Jackson, " +
			"Jefferson, Juniper, Lake, Laurel, Liberty, Lincoln, Madison, Magnolia, Main, Maple, Meadow, Mill, Monroe, Oak, Park, Pecan, Pine, " +
			"Pleasant, Prairie, Ridge, River, Rose, Sierra, Spring, Spruce, Summit, Sunset, Sycamore, Union, Valley, View, Walnut, Washington, " +
			"Willow, Wilson",
		ways:    "% Street, % Avenue, % Drive, % Lane, % Road, % Boulevard, % Court",
		short:   []string{" Street", " St", " Avenue", " Ave", " Drive", " Dr", " Lane", " Ln", " Road", " Rd", " Boulevard", " Blvd", " Court", " Ct"},
		titles:  [2]string{"Mrs., Ms., Ms., Dr.", "Mr., Mr., Dr."},
		firms:   "Inc., LLC, Bros., Trucking LLC, Medical Center, Insurance Co., School District, Construction Inc.",
		calling: "1", trunk: "", mobiles: "205, 312, 404, 415, 512, 602, 617, 702, 713, 804, 901, 915, 972", grouping: []int{3, 3, 4},
		id: func(_ *dice, number int, _ *person) string { // areas from 900 on are no social security numbers
			s := digits(number, 8)
			return "9" + s[:2] + "-" + s[2:4] + "-" + s[4:]
		},
		nicknames: "Elizabeth=Beth Liz Betsy Eliza, Jennifer=Jen Jenny, Patricia=Pat Patty Tricia, Jessica=Jess Jessie, Kimberly=Kim, Susan=Sue Suzy, " +
			"Stephanie=Steph, Samantha=Sam, Rebecca=Becky, Christine=Chris Tina, Angela=Angie, Pamela=Pam, Deborah=Deb Debbie, Kathleen=Kathy " +
			"Kate, Teresa=Terri, Katherine=Kathy, Abigail=Abby Gail, Virginia=Ginny, Dorothy=Dot Dottie, Amanda=Mandy, Guadalupe=Lupe, " +
			"Danielle=Dani, James=Jim Jimmy, Michael=Mike Mikey, John=Johnny Jack, Robert=Bob Rob Bobby, David=Dave, William=Bill Will Billy, " +
			"Christopher=Chris Topher, Joseph=Joe, Richard=Rick Dick Rich, Daniel=Dan Danny, Matthew=Matt, Joshua=Josh, Andrew=Andy Drew, " +
			"Thomas=Tom Tommy, Anthony=Tony, Jacob=Jake, Steven=Steve, Jeffrey=Jeff, Timothy=Tim, Charles=Charlie Chuck, Nicholas=Nick, " +
			"Alexander=Alex Xander, Kenneth=Ken, Edward=Ed Eddie Ted, Ronald=Ron, Gregory=Greg, Raymond=Ray, Patrick=Pat, Benjamin=Ben, " +
			"Samuel=Sam, Zachary=Zach, Nathan=Nate, Walter=Walt, Harold=Hal Harry, Jose=Pepe, Elijah=Eli, Lawrence=Larry, Francis=Frank, " +
			"Antonio=Tony, Jesus=Chuy",
	}
}
