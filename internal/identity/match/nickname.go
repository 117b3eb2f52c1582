package match

import "strings"

// shortForms are given names with the forms that stand for them, one name a line.
const shortForms = `
abigail abby gail abbie
abraham abe bram
adelaide addie heidi
albert al bert bertie albrecht
alexander alex al sandy xander sasha lex alec alejandro aleksander alessandro alexandre aleksandr
alexandra alex sandra sandy sasha lexi alexa
alfred alf alfie fred freddie
alice ally allie
alistair alastair ally
allan al alan allen
amanda mandy
andrew andy drew andreas andre andrea andrei andrzej anders andres
angela angie
ann anne anna annie nan nancy hannah anita ana
anthony tony anton antoine antonio
antoinette toni nettie
archibald archie
arnold arnie
arthur art artie
augustus gus august
barbara barb babs barbie bobbie
bartholomew bart barth
beatrice bea trixie beatrix
benjamin ben benny benji
bernard bernie bernhard bernardo
bertha bertie
bradley brad
bridget biddy bridie brigitte
calvin cal
cameron cam
carl karl carlo carlos charles
caroline carrie carol carolyn karoline carolina
catherine cathy kate katie kathy katherine kathryn cat kitty kit katharine catharine cathryn catarina katharina ekaterina
cecilia celia cissy
charles charlie chuck chas charley carlos carl karl
charlotte lottie charlie
chester chet
christian chris
christina chris tina chrissie christine christa kristina kristin
christopher chris kit topher kristopher christophe cristobal
clarence clarry
clement clem
clifford cliff
constance connie
cornelius neil con corny
cynthia cindy
daniel dan danny daniele
david dave davey davy
deborah deb debbie debra
dennis den denny denis
diana di diane
dominic dom nick dominique
donald don donnie
dorothy dot dolly dottie dora dorothea
douglas doug
edgar ed eddie
edmund ed eddie ned ted
edward ed eddie ted teddy ned eduardo edouard eduard
edwin ed eddie
eleanor ellie nell nora elinor leonora lena
elizabeth liz beth betty eliza lizzie bess bessie betsy elsie lisa elisabeth libby lisbeth elisa isabel
emily em emmy milly
emma em emmie
ernest ernie ernst
eugene gene
evelyn eve evie
ferdinand ferdie fernando
florence flo flossie florrie
frances fran fanny frankie franny francesca
francis frank frankie fran francisco francois franz francesco
franklin frank
frederick fred freddie fritz frederic friedrich fredrick federico
gabriel gabe gabby
gabrielle gabby
geoffrey geoff jeff jeffrey
george geordie georg georges jorge giorgio
georgina georgie gina georgia
gerald gerry jerry gerard gerhard
gertrude gertie trudy
gilbert gil bert
gillian gill jill
gordon gordie
grace gracie
gregory greg grigori
gustav gus
gwendolyn gwen wendy
harold harry hal
harriet hattie harry
helen nell nellie lena helena ellen elena
henry harry hank hal henri heinrich enrique
herbert bert herb bertie
horace horry
hubert bert hugh
isaac ike
isabella bella izzy isabel isobel belle isabelle
jack john jackie
jacob jake jakob
jacqueline jackie jacqui
james jim jimmy jamie jas jaime
jane janie jenny jean joan
janet jan
jason jay
jean jeannie
jennifer jen jenny jenn
jeremiah jerry
jeremy jerry jem
jessica jess jessie
joan joanie
joanna jo joanne
john jack johnny jon johannes hans ian ivan juan jean jan johann giovanni
jonathan jon jonny john
joseph joe joey jos josef jose giuseppe
josephine jo josie
joshua josh
joyce joy
judith judy
julia julie jules
julian jules
justin jus
kenneth ken kenny
kimberly kim kimberley
lawrence larry laurie lars laurence lorenzo lorenz
leonard len lenny leo leonardo
leslie les lesley
lewis lew louis lou luis luigi ludwig
lillian lily lil lillie
lucy lucia lucille lu
louise lou lulu louisa luise
madeline maddie maddy madeleine
margaret maggie meg peggy marge margie greta daisy madge rita margarita margarete margot megan marguerite
maria mary marie
marjorie marge margie
mark marcus marc marco markus
martha patty mattie marty
martin marty
mary molly polly may mae maria marie mamie minnie
matilda tilly maud mattie
matthew matt mathew matthias mateo matteo matthieu
maurice morris mo moritz
maximilian max
maxwell max
melanie mel
melissa mel missy lissa
melvin mel
michael mike mick micky mikey michel miguel michele mikhail mikael
michelle shelly michele
mildred milly
miriam mim mimi
mitchell mitch
montague monty
morgan mo
nancy nan
natalie nat natasha nathalie
nathan nat nate nathaniel
nicholas nick nicky nicolas nikolaus klaus nicola nikolai niklas
nicole nicky nikki
norman norm
oliver ollie olly olivier
olivia liv livvy ollie
oscar ozzie
oswald ozzy oz
pamela pam
patricia pat patty trish tricia patsy
patrick pat paddy patricio
paul pauly pablo paolo pavel
paula polly pauline
penelope penny
percival percy
peter pete pedro pierre pietro piotr petr
philip phil pip philippe felipe phillip filippo
priscilla cilla prissy
prudence prue
rachel rae
ralph rafe raul
randolph randy
raymond ray ramon
rebecca becky becca beck
reginald reg reggie
richard rick dick ricky rich richie rico ricardo riccardo
robert bob bobby rob robbie bert roberto rupert robin
roberta bobbie robbie
roderick rod
rodney rod
roger rodge
roland rollie rolly orlando
ronald ron ronnie
rosemary rose rosie
rose rosie rosa
roy royston
rudolph rudy rolf rudolf
russell russ rusty
samantha sam sammy
samuel sam sammy
sarah sally sadie sara
sebastian seb bastian
sidney sid sydney syd
simon si simone
solomon sol solly
sophia sophie sofia
stanley stan
stephanie steph stefanie
stephen steve steven stevie stefan stephan esteban stephane stefano
stuart stu stewart
susan sue susie susanna suzanne suzie sukey
sylvester sly
tabitha tabby
terence terry terrence
teresa terry tess tessa theresa terri
thaddeus tad thad
theodore ted teddy theo
thomas tom tommy tomas tommaso
timothy tim timmy
tobias toby
ursula ulla
valerie val
vanessa nessa
veronica ronnie vera
victor vic viktor
victoria vicky tori vicki
vincent vince vinny vincenzo
viola vi
violet vi
virginia ginny ginger
walter walt wally wat
wilbur will
wilfred wilf fred
wilhelmina mina minnie
william bill billy will willie liam wim wilhelm guillermo guillaume wm
winifred winnie fred freda
winston winnie
zachary zach zack zac
`

// nicknames gives, for a name, the names in full that it may stand for.
var nicknames = readNicknames()

func readNicknames() map[string][]uint16 {
	names := map[string][]uint16{}
	for i, line := range strings.Split(strings.TrimSpace(shortForms), "\n") {
		for _, form := range strings.Fields(line) {
			names[form] = append(names[form], uint16(i))
		}
	}
	return names
}

// sameName reports whether two lists of names in full have one in common; both are ascending.
func sameName(a, b []uint16) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			return true
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return false
}
