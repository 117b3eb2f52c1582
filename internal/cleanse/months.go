package cleanse

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// calendarWords lists, of each language, its months from January, separated by commas
// and each in its forms (genitive, nominative, short), and its days of the week. They
// are facts of the Unicode CLDR, with other short forms that people write.
func calendarWords() [][3]string {
	return [][3]string{
		{"ar", "يناير جانفي,فبراير شباط فيفري,مارس آذار,أبريل نيسان أفريل,مايو أيار ماي,يونيو حزيران يونيه جوان,يوليو تموز يوليه جويلية,أغسطس آب أوت,سبتمبر أيلول,أكتوبر,نوفمبر,ديسمبر",
			"الاثنين إثنين الثلاثاء ثلاثاء الأربعاء أربعاء الخميس خميس الجمعة جمعة السبت سبت الأحد أحد"},
		{"bg", "януари яну,февруари фев,март,април апр,май,юни,юли,август авг,септември сеп,октомври окт,ноември ное,декември дек",
			"понеделник пн вторник вт сряда ср четвъртък чт петък пт събота сб неделя нд"},
		{"ca", "gener gen,febrer febr,març,abril abr,maig,juny,juliol jul,agost ag,setembre set,octubre oct,novembre nov,desembre des",
			"dilluns dl dimarts dt dimecres dc dijous dj divendres dv dissabte ds diumenge dg"},
		{"cs", "ledna led leden,února úno únor,března bře březen,dubna dub duben,května kvě květen,června čvn červen,července čvc červenec,srpna srp srpen,září zář,října říj říjen,listopadu lis listopad,prosince pro prosinec",
			"pondělí po úterý út středa st čtvrtek čt pátek pá sobota so neděle ne"},
		{"da", "januar jan,februar feb,marts mar,april apr,maj,juni jun,juli jul,august aug,september sep,oktober okt,november nov,december dec",
			"mandag man ma tirsdag tirs ti onsdag ons on torsdag tors to fredag fre fr lørdag lør lø søndag søn sø"},
		{"de", "Januar Jan Jänner,Februar Feb Feber,März Mär Maerz Mrz,April Apr,Mai,Juni Jun,Juli Jul,August Aug,September Sept Sep,Oktober Okt,November Nov,Dezember Dez",
			"Montag Mo Dienstag Di Mittwoch Mi Donnerstag Do Freitag Fr Samstag Sa Sonntag So"},
		{"el", "Ιανουαρίου Ιαν Ιανουάριος,Φεβρουαρίου Φεβ Φεβρουάριος,Μαρτίου Μαρ Μάρτιος,Απριλίου Απρ Απρίλιος,Μαΐου Μαΐ Μάιος,Ιουνίου Ιουν Ιούνιος,Ιουλίου Ιουλ Ιούλιος,Αυγούστου Αυγ Αύγουστος,Σεπτεμβρίου Σεπ Σεπτέμβριος,Οκτωβρίου Οκτ Οκτώβριος,Νοεμβρίου Νοε Νοέμβριος,Δεκεμβρίου Δεκ Δεκέμβριος",
			"Δευτέρα Δευ Δε Τρίτη Τρί Τρ Τετάρτη Τετ Τε Πέμπτη Πέμ Πέ Παρασκευή Παρ Πα Σάββατο Σάβ Σά Κυριακή Κυρ Κυ"},
		{"en", "January Jan,February Feb,March Mar,April Apr,May,June Jun,July Jul,August Aug,September Sep Sept,October Oct,November Nov,December Dec",
			"Monday Mon Mo Tuesday Tue Tu Wednesday Wed We Thursday Thu Th Friday Fri Fr Saturday Sat Sa Sunday Sun Su"},
		{"es", "enero ene,febrero feb,marzo mar,abril abr,mayo may,junio jun,julio jul,agosto ago agos,septiembre sept sep setiembre,octubre oct,noviembre nov,diciembre dic",
			"lunes lun LU martes mar MA miércoles mié MI jueves jue JU viernes vie VI sábado sáb SA domingo dom DO"},
		{"et", "jaanuar jaan,veebruar veebr,märts,aprill apr,mai,juuni,juuli,august aug,september sept,oktoober okt,november nov,detsember dets",
			"esmaspäev E teisipäev T kolmapäev K neljapäev N reede R laupäev L pühapäev P"},
		{"fi", "tammikuuta tammi tammikuu,helmikuuta helmi helmikuu,maaliskuuta maalis maaliskuu,huhtikuuta huhti huhtikuu,toukokuuta touko toukokuu,kesäkuuta kesä kesäkuu,heinäkuuta heinä heinäkuu,elokuuta elo elokuu,syyskuuta syys syyskuu,lokakuuta loka lokakuu,marraskuuta marras marraskuu,joulukuuta joulu joulukuu",
			"maanantaina ma maanantai tiistaina ti tiistai keskiviikkona ke keskiviikko torstaina to torstai perjantaina pe perjantai lauantaina la lauantai sunnuntaina su sunnuntai"},
		{"fr", "janvier janv jan,février févr fev,mars,avril avr,mai,juin,juillet juil juill,août,septembre sept sep,octobre oct,novembre nov,décembre déc",
			"lundi lun lu mardi mar ma mercredi mer me jeudi jeu je vendredi ven ve samedi sam sa dimanche dim di"},
		{"hr", "siječnja sij siječanj,veljače velj veljača,ožujka ožu ožujak,travnja tra travanj,svibnja svi svibanj,lipnja lip lipanj,srpnja srp srpanj,kolovoza kol kolovoz,rujna ruj rujan,listopada lis listopad,studenoga stu studeni,prosinca pro prosinac",
			"ponedjeljak pon utorak uto srijeda sri četvrtak čet petak pet subota sub nedjelja ned"},
		{"hu", "január jan,február febr feb,március márc,április ápr,május máj,június jún,július júl,augusztus aug,szeptember szept szep,október okt,november nov,december dec",
			"hétfő H kedd K szerda Sze csütörtök Cs péntek P szombat Szo vasárnap V"},
		{"id", "Januari Jan,Februari Feb,Maret Mar,April Apr,Mei,Juni Jun,Juli Jul,Agustus Agu,September Sep,Oktober Okt,November Nov,Desember Des",
			"Senin Sen Selasa Sel Rabu Rab Kamis Kam Jumat Jum Sabtu Sab Minggu Min"},
		{"is", "janúar jan,febrúar feb,mars mar,apríl apr,maí,júní jún,júlí júl,ágúst ágú,september sep,október okt,nóvember nóv,desember des",
			"mánudagur mán má þriðjudagur þri þr miðvikudagur mið mi fimmtudagur fim fi föstudagur fös fö laugardagur lau la sunnudagur sun su"},
		{"it", "gennaio gen,febbraio feb,marzo mar,aprile apr,maggio mag,giugno giu,luglio lug,agosto ago,settembre set sett,ottobre ott,novembre nov,dicembre dic",
			"lunedì lun martedì mar mercoledì mer giovedì gio venerdì ven sabato sab domenica dom"},
		{"lt", "sausio saus sausis,vasario vas vasaris,kovo kov kovas,balandžio bal balandis,gegužės geg gegužė,birželio birž birželis,liepos liep liepa,rugpjūčio rugp rugpjūtis,rugsėjo rugs rugsėjis,spalio spal spalis,lapkričio lapkr lapkritis,gruodžio gruod gruodis",
			"pirmadienis pr antradienis an trečiadienis tr ketvirtadienis kt penktadienis pn šeštadienis št sekmadienis sk"},
		{"lv", "janvāris janv,februāris febr,marts,aprīlis apr,maijs,jūnijs jūn,jūlijs jūl,augusts aug,septembris sept,oktobris okt,novembris nov,decembris dec",
			"pirmdiena pirmd Pr otrdiena otrd Ot trešdiena trešd Tr ceturtdiena ceturtd Ce piektdiena piektd Pk sestdiena sestd Se svētdiena svētd Sv"},
		{"nb", "januar jan,februar feb,mars mar,april apr,mai,juni jun,juli jul,august aug,september sep,oktober okt,november nov,desember des",
			"mandag man ma tirsdag tir ti onsdag ons on torsdag tor to fredag fre fr lørdag lør lø søndag søn sø"},
		{"nl", "januari jan,februari feb febr,maart mrt mar,april apr,mei,juni jun,juli jul,augustus aug,september sep sept,oktober okt,november nov,december dec",
			"maandag ma dinsdag di woensdag wo donderdag do vrijdag vr zaterdag za zondag zo"},
		{"pl", "stycznia sty styczeń,lutego lut luty,marca mar marzec,kwietnia kwi kwiecień,maja maj,czerwca cze czerwiec,lipca lip lipiec,sierpnia sie sierpień,września wrz wrzesień,października paź październik,listopada lis listopad,grudnia gru grudzień",
			"poniedziałek pon wtorek wt wto środa śr śro czwartek czw piątek pt pią sobota sob niedziela niedz nie"},
		{"pt", "janeiro jan,fevereiro fev,março mar,abril abr,maio mai,junho jun,julho jul,agosto ago,setembro set,outubro out,novembro nov,dezembro dez",
			"segunda seg terça ter quarta qua quinta qui sexta sex sábado sáb domingo dom"},
		{"ro", "ianuarie ian,februarie feb,martie mar,aprilie apr,mai,iunie iun,iulie iul,august aug,septembrie sept,octombrie oct,noiembrie nov,decembrie dec",
			"luni lun lu marți mar ma miercuri mie mi joi vineri vin vi sâmbătă sâm sâ duminică dum du"},
		{"ru", "января янв январь,февраля февр февраль,марта мар март,апреля апр апрель,мая май,июня июн июнь,июля июл июль,августа авг август,сентября сент сентябрь,октября окт октябрь,ноября нояб ноябрь,декабря дек декабрь",
			"понедельник пн вторник вт среда ср четверг чт пятница пт суббота сб воскресенье вс"},
		{"sk", "januára jan január,februára feb február,marca mar marec,apríla apr apríl,mája máj,júna jún,júla júl,augusta aug august,septembra sep september,októbra okt október,novembra nov november,decembra dec december",
			"pondelok po utorok ut streda st štvrtok piatok pi sobota so nedeľa ne"},
		{"sl", "januar jan,februar feb,marec mar,april apr,maj,junij jun,julij jul,avgust avg,september sep,oktober okt,november nov,december dec",
			"ponedeljek pon torek tor sreda sre četrtek čet petek pet sobota sob nedelja ned"},
		{"sv", "januari jan,februari feb,mars,april apr,maj,juni,juli,augusti aug,september sep sept,oktober okt,november nov,december dec",
			"måndag mån må tisdag tis ti onsdag ons on torsdag tors to fredag fre fr lördag lör lö söndag sön sö"},
		{"tr", "Ocak Oca,Şubat Şub,Mart Mar,Nisan Nis,Mayıs May,Haziran Haz,Temmuz Tem,Ağustos Ağu,Eylül Eyl,Ekim Eki,Kasım Kas,Aralık Ara",
			"Pazartesi Pzt Pt Salı Sal Sa Çarşamba Çar Ça Perşembe Per Pe Cuma Cum Cu Cumartesi Cmt Ct Pazar Paz Pa"},
		{"uk", "січня січ січень,лютого лют лютий,березня бер березень,квітня квіт квітень,травня трав травень,червня черв червень,липня лип липень,серпня серп серпень,вересня вер вересень,жовтня жовт жовтень,листопада лист листопад,грудня груд грудень",
			"понеділок пн вівторок вт середа ср четвер чт пʼятниця пт субота сб неділя нд"},
	}
}

// calendar is what a date's words mean, folded.
type calendar struct {
	months map[string]int
	days   map[string]bool
}

// calendars gives the words of each language, and under "" those of all of them. A
// word that is one month here and another there is in no language's alone, such as
// listopad, which is November in Polish and October in Croatian.
var calendars = sync.OnceValue(func() map[string]calendar {
	all := calendar{months: map[string]int{}, days: map[string]bool{}}
	known := map[string]calendar{"": all}
	for _, words := range calendarWords() {
		c := calendar{months: map[string]int{}, days: map[string]bool{}}
		month := 0
		for forms := range strings.SplitSeq(words[1], ",") {
			month++
			for w := range strings.FieldsSeq(forms) {
				w = fold(w)
				c.months[w] = month
				if old, there := all.months[w]; there && old != month {
					all.months[w] = 0
				} else {
					all.months[w] = month
				}
			}
		}
		for w := range strings.FieldsSeq(words[2]) {
			c.days[fold(w)], all.days[fold(w)] = true, true
		}
		known[words[0]] = c
	}
	return known
})

// calendarOf gives the words of a locale's language. East Asian dates need none.
func calendarOf(l language.Tag) (calendar, bool) {
	base, _ := l.Base()
	switch name := base.String(); name {
	case "ja", "ko", "zh":
		return calendar{}, true
	case "no", "nn":
		return calendars()["nb"], true
	default:
		c, ok := calendars()[name]
		return c, ok
	}
}

// orderOf gives the order in which a locale writes day, month and year, as the CLDR
// has it for its short dates.
func orderOf(l language.Tag) string {
	base, _, region := l.Raw()
	switch base.String() + "-" + region.String() {
	case "en-ZZ", "en-US", "en-PH", "en-PR", "en-GU", "en-AS", "en-VI", "en-MP", "en-UM", "en-MH", "en-BI", "es-PR", "es-PA":
		return "mdy"
	case "en-CA", "en-ZA", "en-SE", "en-JP", "fr-CA":
		return "ymd"
	case "sv-FI", "sv-AX", "zh-HK", "zh-MO", "zh-SG":
		return "dmy"
	}
	switch base.String() {
	case "hu", "ja", "ko", "lt", "sv", "zh":
		return "ymd"
	}
	return "dmy"
}
