package people

func britain() *country {
	return &country{
		code: "GB", share: 28,
		female: "Susan, Margaret, Sarah, Emma, Elizabeth, Mary, Jane, Laura, Helen, Patricia, Rebecca, Jessica, Jennifer, Rachel, Victoria, " +
			"Christine, Sophie, Catherine, Samantha, Hannah, Emily, Lucy, Olivia, Amelia, Chloe, Natalie, Deborah, Grace, Gemma, Ada, Aisha, " +
			"Alice, Anita, Anna, Asha, Barbara, Bethan, Bridget, Carol, Ciara, Deepa, Diana, Eleanor, Farah, Fiona, Frances, Gwen, Harriet, " +
			"Heather, Iona, Isla, Jasmine, Joan, Joyce, Kate, Katherine, Leila, Maria, Megan, Nadia, Niamh, Priya, Rosemary, Ruth, Vivian, " +
			"Yasmin, Zara, Zoe",
		male: "David, John, Michael, James, Andrew, Robert, Paul, Stephen, Thomas, Daniel, William, Richard, Matthew, Peter, George, Mohammed, " +
			"Joseph, Jack, Martin, Harry, Charles, Samuel, Benjamin, Philip, Adam, Edward, Liam, Kenneth, Alan, Graham, Amir, Angus, Arthur, " +
			"Bilal, Callum, Colin, Dylan, Ewan, Fraser, Gareth, Henry, Imran, Isaac, Jonathan, Kieran, Malcolm, Nathan, Nicholas, Nigel, Oscar, " +
			"Owen, Rhys, Sean, Stuart, Timothy, Yusuf",
		families: "Smith, Jones, Taylor, Brown, Williams, Wilson, Johnson, Davies, Patel, Robinson, Wright, Thompson, Evans, Walker, White, Roberts, " +
			"Green, Hall, Wood, Jackson, Clarke, Khan, Lewis, Harris, Thomas, Singh, Turner, Hill, Cooper, Morris, Moore, Ward, Watson, Harvey, " +
			"Morgan, Baker, Scott, Anderson, Ahmed, Begum, Mitchell, Allen, Cook, Cox, Phillips, Kaur, Edwards, Hughes, Parker, Bennett, Young, " +
			"Shah, Murphy, Kelly, Miller, Stewart, Bailey, Bell, Campbell, Abbott, Adeyemi, Ainsworth, Akhtar, Archer, Ashworth, Barnes, Bevan, " +
			"Bishop, Blackwood, Booth, Bowen, Bradley, Brennan, Brooks, Burke, Butler, Carter, Chapman, Chaudhry, Cole, Collins, Crawford, " +
			"Cunningham, Dale, Dawson, Desai, Dixon, Doyle, Duncan, Elliott, Ellis, Farrell, Fletcher, Forster, Fox, Fraser, Gallagher, Gibson, " +
			"Graham, Grant, Gray, Griffiths, Hamilton, Hartley, Holmes, Hussain, Iqbal, James, Jenkins, Kapoor, Kennedy, Knight, Lambert, " +
			"Lawson, Lloyd, MacDonald, MacLeod, Marsh, Mason, Matthews, McKenzie, Mehta, Murray, Nash, Newton, O'Brien, O'Connor, Okafor, " +
			"Osborne, Palmer, Pearson, Perry, Powell, Price, Quinn, Rahman, Rees, Reid, Reynolds, Richards, Robertson, Rogers, Ross, Russell, " +
			"Ryan, Saunders, Sharma, Shaw, Simpson, Spencer, Sutton, Wallace, Webb, Wilkinson",
		fronts: "Ack, Ald, Ash, Barn, Beck, Birk, Black, Brad, Bram, Brook, Burn, Clay, Crom, Dun, East, El, Fair, Farn, Gold, Green, Hard, Hart, " +
			"Hay, Hazel, Hol, Hor, Hurst, Kirk, Lang, Lin, Long, Mars, Mel, Mid, Mor, Nor, Oak, Pen, Pick, Rad, Red, Ridge, Rush, Shel, Stan, " +
			"Stock, Stone, Sut, Thorn, Wal, Wes, Whit, Win, Wood",
		backs: "ton, ley, ford, worth, ham, field, well, croft, bury, man, combe, den, wick, by, land, dale, more, shaw, stead, bourne",
		towns: []string{
			"Bristol|Bristol|BS# #@@", "Leeds|West Yorkshire|LS# #@@", "Norwich|Norfolk|NR# #@@", "Exeter|Devon|EX# #@@",
			"York|North Yorkshire|YO# #@@", "Cardiff|South Glamorgan|CF# #@@", "Dundee|Angus|DD# #@@", "Brighton|East Sussex|BN# #@@",
			"Plymouth|Devon|PL# #@@", "Lincoln|Lincolnshire|LN# #@@", "Oxford|Oxfordshire|OX# #@@", "Bath|Somerset|BA# #@@",
			"Sheffield|South Yorkshire|S# #@@", "Nottingham|Nottinghamshire|NG# #@@", "Swansea|West Glamorgan|SA# #@@",
			"Carlisle|Cumbria|CA# #@@",
		},
		streets: "Harbour Street, Pine Road, Church Lane, Mill Hill, Station Road, Quay Side, Orchard Close, Victoria Terrace, The Green, Castle " +
			"Street, Albert Road, Meadow Way, King Street, Bridge Street, Elm Grove, Chapel Lane, Park Avenue, Windsor Drive, Rope Walk, Market " +
			"Place, Cliff Road, Ferry Lane, Maple Court, West Street",
		stems: "Abbey, Acorn, Alma, Ash, Barn, Beech, Birch, Bridge, Broad, Brook, Canal, Cedar, Cherry, Clarence, Cross, Dale, East, Farm, Forge, " +
			"Garden, George, Grange, Grove, Hazel, High, Hill, Holly, Ivy, Lake, Lime, London, Long, Manor, Mill, New, North, Oak, Park, " +
			"Poplar, Priory, Queen, River, Rose, School, South, Spring, Stone, Union, Vale, Well",
		ways:    "% Street, % Road, % Lane, % Avenue, % Close, % Drive",
		short:   []string{" Street", " St", " Road", " Rd", " Lane", " Ln", " Avenue", " Ave", " Close", " Cl", " Drive", " Dr", " Terrace", " Terr", " Court", " Ct"},
		titles:  [2]string{"Mrs, Ms, Miss, Dr", "Mr, Mr, Mr, Dr"},
		firms:   "Ltd, & Sons, Logistics Ltd, Engineering Ltd, Foods plc, Building Supplies, Care Homes, Motors",
		calling: "44", trunk: "0", mobiles: "74, 75, 77, 78, 79", grouping: []int{4, 6},
		id: func(_ *dice, number int, _ *person) string { // in a range that is given to nobody
			return "Q" + string("ABCEGHJKLMNOPRSTWXYZ"[number%20]) + digits(number/80, 6) + string("ABCD"[number/20%4])
		},
		nicknames: "Andrew=Andy Drew, Benjamin=Ben Benny, Catherine=Cathy Cath Kitty, Charles=Charlie Chas Chuck, Daniel=Dan Danny, David=Dave Davy, " +
			"Deborah=Debbie Deb, Edward=Ted Eddie Ed, Eleanor=Nell Ellie, Elizabeth=Liz Beth Lizzie Betty, Jennifer=Jenny Jen, Jonathan=Jon, " +
			"Joseph=Joe Joey, Katherine=Kate Kathy Kit, Kenneth=Ken Kenny, Margaret=Maggie Peggy Meg Madge, Matthew=Matt Matty, Michael=Mike " +
			"Mick Mickey, Nicholas=Nick Nicky, Patricia=Pat Patsy Trish, Philip=Phil Pip, Rebecca=Becky Becca, Richard=Dick Rick Richie, " +
			"Robert=Bob Rob Bobby, Samantha=Sam Sammy, Samuel=Sam Sammy, Stephen=Steve Stevie, Susan=Sue Susie, Thomas=Tom Tommy, Timothy=Tim, " +
			"Victoria=Vicky Tori, William=Bill Will Billy Liam, James=Jim Jimmy Jamie, John=Jack Johnny, George=Georgie, Jessica=Jess, " +
			"Rachel=Rach, Sarah=Sally, Harry=Hal, Emily=Em Emmy, Olivia=Liv, Henry=Harry Hank, Frances=Fran, Christine=Chris Chrissie",
	}
}
