package cleanse

import (
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// regions lists a country's regions as CODE=Name, other names after more signs. The
// codes are those of ISO 3166-2; of Spain's provinces that are a community by
// themselves, the short name is the province's.
func regions(country string) string {
	switch country {
	case "AT":
		return "1=Burgenland=Bgld,2=Kärnten=Carinthia=Ktn,3=Niederösterreich=Lower Austria=NÖ=Noe,4=Oberösterreich=Upper Austria=OÖ=Ooe,5=Salzburg=Sbg,6=Steiermark=Styria=Stmk,7=Tirol=Tyrol,8=Vorarlberg=Vbg" +
			",9=Wien=Vienna"
	case "AU":
		return "ACT=Australian Capital Territory,NSW=New South Wales,NT=Northern Territory,QLD=Queensland,SA=South Australia,TAS=Tasmania,VIC=Victoria,WA=Western Australia"
	case "BE":
		return "BRU=Bruxelles=Brussels=Brussel=Bruxelles-Capitale=Brussels Hoofdstedelijk Gewest,VAN=Antwerpen=Antwerp=Anvers,VBR=Vlaams-Brabant=Flemish Brabant=Brabant flamand" +
			",VLG=Vlaanderen=Flanders=Flandre=Vlaams Gewest,VLI=Limburg=Limbourg,VOV=Oost-Vlaanderen=East Flanders=Flandre orientale,VWV=West-Vlaanderen=West Flanders=Flandre occidentale" +
			",WAL=Wallonie=Wallonia=Wallonië=Région wallonne,WBR=Brabant wallon=Walloon Brabant=Waals-Brabant,WHT=Hainaut=Henegouwen,WLG=Liège=Luik,WLX=Luxembourg=Luxemburg,WNA=Namur=Namen"
	case "BR":
		return "AC=Acre,AL=Alagoas,AM=Amazonas,AP=Amapá,BA=Bahia,CE=Ceará,DF=Distrito Federal=Federal District,ES=Espírito Santo,GO=Goiás,MA=Maranhão,MG=Minas Gerais,MS=Mato Grosso do Sul,MT=Mato Grosso" +
			",PA=Pará,PB=Paraíba,PE=Pernambuco,PI=Piauí,PR=Paraná,RJ=Rio de Janeiro,RN=Rio Grande do Norte,RO=Rondônia,RR=Roraima,RS=Rio Grande do Sul,SC=Santa Catarina,SE=Sergipe,SP=São Paulo" +
			",TO=Tocantins"
	case "CA":
		return "AB=Alberta,BC=British Columbia=Colombie-Britannique,MB=Manitoba,NB=New Brunswick=Nouveau-Brunswick,NL=Newfoundland and Labrador=Newfoundland=Terre-Neuve-et-Labrador" +
			",NS=Nova Scotia=Nouvelle-Écosse,NT=Northwest Territories,NU=Nunavut,ON=Ontario,PE=Prince Edward Island=Île-du-Prince-Édouard=PEI,QC=Quebec=PQ,SK=Saskatchewan,YT=Yukon"
	case "CH":
		return "AG=Aargau=Argovie=Argovia,AI=Appenzell Innerrhoden=Appenzell Rhodes-Intérieures,AR=Appenzell Ausserrhoden=Appenzell Rhodes-Extérieures,BE=Bern=Berne=Berna" +
			",BL=Basel-Landschaft=Baselland=Bâle-Campagne,BS=Basel-Stadt=Bâle-Ville,FR=Fribourg=Freiburg=Friburgo,GE=Genève=Genf=Geneva=Ginevra,GL=Glarus=Glaris" +
			",GR=Graubünden=Grisons=Grigioni=Grischun=Graubuenden,JU=Jura,LU=Luzern=Lucerne=Lucerna,NE=Neuchâtel=Neuenburg,NW=Nidwalden=Nidwald,OW=Obwalden=Obwald" +
			",SG=St. Gallen=Sankt Gallen=Saint-Gall=San Gallo,SH=Schaffhausen=Schaffhouse,SO=Solothurn=Soleure,SZ=Schwyz=Svitto,TG=Thurgau=Thurgovie,TI=Ticino=Tessin,UR=Uri,VD=Vaud=Waadt,VS=Valais=Wallis" +
			",ZG=Zug=Zoug,ZH=Zürich=Zurich=Zuerich=Zurigo"
	case "CN":
		return "AH=Anhui=安徽,BJ=Beijing=北京,CQ=Chongqing=重庆=重慶,FJ=Fujian=福建,GD=Guangdong=广东=廣東=Canton,GS=Gansu=甘肃=甘肅,GX=Guangxi=广西=廣西,GZ=Guizhou=贵州=貴州,HA=Henan=河南,HB=Hubei=湖北,HE=Hebei=河北,HI=Hainan=海南" +
			",HK=Hong Kong=香港,HL=Heilongjiang=黑龙江=黑龍江,HN=Hunan=湖南,JL=Jilin=吉林,JS=Jiangsu=江苏=江蘇,JX=Jiangxi=江西,LN=Liaoning=辽宁=遼寧,MO=Macao=Macau=澳门=澳門,NM=Inner Mongolia=Nei Mongol=内蒙古=內蒙古,NX=Ningxia=宁夏=寧夏" +
			",QH=Qinghai=青海,SC=Sichuan=四川,SD=Shandong=山东=山東,SH=Shanghai=上海,SN=Shaanxi=陕西=陝西,SX=Shanxi=山西,TJ=Tianjin=天津,TW=Taiwan=台湾=臺灣=台灣,XJ=Xinjiang=新疆,XZ=Tibet=Xizang=西藏,YN=Yunnan=云南=雲南,ZJ=Zhejiang=浙江"
	case "DE":
		return "BW=Baden-Württemberg=Baden-Wuerttemberg,BY=Bayern=Bavaria,BE=Berlin,BB=Brandenburg,HB=Bremen,HH=Hamburg,HE=Hessen=Hesse,MV=Mecklenburg-Vorpommern,NI=Niedersachsen=Lower Saxony" +
			",NW=Nordrhein-Westfalen=North Rhine-Westphalia=NRW,RP=Rheinland-Pfalz=Rhineland-Palatinate,SL=Saarland,SN=Sachsen=Saxony,ST=Sachsen-Anhalt=Saxony-Anhalt,SH=Schleswig-Holstein" +
			",TH=Thüringen=Thuringia=Thueringen"
	case "DK":
		return "81=Nordjylland=North Denmark,82=Midtjylland=Central Denmark,83=Syddanmark=Southern Denmark,84=Hovedstaden=Capital Region,85=Sjælland=Zealand"
	case "ES":
		return "A=Alicante=Alacant,AB=Albacete,AL=Almería,AN=Andalucía=Andalusia,AR=Aragón,AS=Principado de Asturias,AV=Ávila,B=Barcelona,BA=Badajoz,BI=Bizkaia=Vizcaya=Biscay,BU=Burgos" +
			",C=A Coruña=La Coruña=Coruña,CA=Cádiz,CB=Comunidad de Cantabria,CC=Cáceres,CE=Ceuta,CL=Castilla y León=Castile and León,CM=Castilla-La Mancha,CN=Canarias=Canary Islands=Islas Canarias" +
			",CO=Córdoba,CR=Ciudad Real,CS=Castellón=Castelló,CT=Cataluña=Catalunya=Catalonia,CU=Cuenca,EX=Extremadura,GA=Galicia,GC=Las Palmas,GI=Girona=Gerona,GR=Granada,GU=Guadalajara,H=Huelva" +
			",HU=Huesca,IB=Comunidad de las Illes Balears,J=Jaén,L=Lleida=Lérida,LE=León,LO=La Rioja=Rioja,LU=Lugo,M=Madrid,MA=Málaga,MC=Región de Murcia,MD=Comunidad de Madrid=Community of Madrid" +
			",ML=Melilla,MU=Murcia,NA=Navarra=Navarre=Nafarroa,NC=Comunidad Foral de Navarra,O=Asturias,OR=Ourense=Orense,P=Palencia,PM=Illes Balears=Islas Baleares=Baleares=Balearic Islands,PO=Pontevedra" +
			",PV=País Vasco=Euskadi=Basque Country,RI=Comunidad de La Rioja,S=Cantabria,SA=Salamanca,SE=Sevilla=Seville,SG=Segovia,SO=Soria,SS=Gipuzkoa=Guipúzcoa,T=Tarragona,TE=Teruel" +
			",TF=Santa Cruz de Tenerife=Tenerife,TO=Toledo,V=Valencia=València,VA=Valladolid,VC=Comunidad Valenciana=Comunitat Valenciana=Valencian Community,VI=Álava=Araba,Z=Zaragoza=Saragossa,ZA=Zamora"
	case "FR":
		return "01=Ain,02=Aisne,03=Allier,04=Alpes-de-Haute-Provence,05=Hautes-Alpes,06=Alpes-Maritimes,07=Ardèche,08=Ardennes,09=Ariège,10=Aube,11=Aude,12=Aveyron,13=Bouches-du-Rhône,14=Calvados,15=Cantal" +
			",16=Charente,17=Charente-Maritime,18=Cher,19=Corrèze,20R=Corse=Corsica=20,21=Côte-d'Or,22=Côtes-d'Armor,23=Creuse,24=Dordogne,25=Doubs,26=Drôme,27=Eure,28=Eure-et-Loir,29=Finistère" +
			",2A=Corse-du-Sud,2B=Haute-Corse,30=Gard,31=Haute-Garonne,32=Gers,33=Gironde,34=Hérault,35=Ille-et-Vilaine,36=Indre,37=Indre-et-Loire,38=Isère,39=Jura,40=Landes,41=Loir-et-Cher,42=Loire" +
			",43=Haute-Loire,44=Loire-Atlantique,45=Loiret,46=Lot,47=Lot-et-Garonne,48=Lozère,49=Maine-et-Loire,50=Manche,51=Marne,52=Haute-Marne,53=Mayenne,54=Meurthe-et-Moselle,55=Meuse,56=Morbihan" +
			",57=Moselle,58=Nièvre,59=Nord,60=Oise,61=Orne,62=Pas-de-Calais,63=Puy-de-Dôme,64=Pyrénées-Atlantiques,65=Hautes-Pyrénées,66=Pyrénées-Orientales,67=Bas-Rhin,68=Haut-Rhin,69=Rhône" +
			",69M=Métropole de Lyon,6AE=Alsace,70=Haute-Saône,71=Saône-et-Loire,72=Sarthe,73=Savoie,74=Haute-Savoie,75C=Paris=75,76=Seine-Maritime,77=Seine-et-Marne,78=Yvelines,79=Deux-Sèvres,80=Somme" +
			",81=Tarn,82=Tarn-et-Garonne,83=Var,84=Vaucluse,85=Vendée,86=Vienne,87=Haute-Vienne,88=Vosges,89=Yonne,90=Territoire de Belfort,91=Essonne,92=Hauts-de-Seine,93=Seine-Saint-Denis" +
			",94=Val-de-Marne,95=Val-d'Oise,971=Guadeloupe,972=Martinique,973=Guyane=French Guiana,974=La Réunion=Réunion,976=Mayotte,ARA=Auvergne-Rhône-Alpes,BFC=Bourgogne-Franche-Comté" +
			",BL=Saint-Barthélemy,BRE=Bretagne=Brittany,CVL=Centre-Val de Loire,GES=Grand Est,HDF=Hauts-de-France,IDF=Île-de-France,MF=Saint-Martin,NAQ=Nouvelle-Aquitaine" +
			",NC=Nouvelle-Calédonie=New Caledonia,NOR=Normandie=Normandy,OCC=Occitanie,PAC=Provence-Alpes-Côte d'Azur=PACA,PDL=Pays de la Loire,PF=Polynésie française=French Polynesia" +
			",PM=Saint-Pierre-et-Miquelon,WF=Wallis-et-Futuna"
	case "GB":
		return "ENG=England,NIR=Northern Ireland,SCT=Scotland,WLS=Wales=Cymru"
	case "IE":
		return "C=Connacht=Connaught,CE=Clare,CN=Cavan,CO=Cork,CW=Carlow,D=Dublin,DL=Donegal,G=Galway,KE=Kildare,KK=Kilkenny,KY=Kerry,L=Leinster,LD=Longford,LH=Louth,LK=Limerick,LM=Leitrim,LS=Laois,M=Munster" +
			",MH=Meath,MN=Monaghan,MO=Mayo,OY=Offaly,RN=Roscommon,SO=Sligo,TA=Tipperary,U=Ulster,WD=Waterford,WH=Westmeath,WW=Wicklow,WX=Wexford"
	case "IN":
		return "AN=Andaman and Nicobar Islands=Andaman and Nicobar,AP=Andhra Pradesh,AR=Arunachal Pradesh,AS=Assam,BR=Bihar,CG=Chhattisgarh=Chattisgarh=CT,CH=Chandigarh" +
			",DH=Dadra and Nagar Haveli and Daman and Diu=Dadra and Nagar Haveli=Daman and Diu=DN=DD,DL=Delhi=New Delhi=NCT of Delhi,GA=Goa,GJ=Gujarat,HP=Himachal Pradesh,HR=Haryana,JH=Jharkhand" +
			",JK=Jammu and Kashmir,KA=Karnataka,KL=Kerala,LA=Ladakh,LD=Lakshadweep,MH=Maharashtra,ML=Meghalaya,MN=Manipur,MP=Madhya Pradesh,MZ=Mizoram,NL=Nagaland,OD=Odisha=Orissa=OR,PB=Punjab" +
			",PY=Puducherry=Pondicherry,RJ=Rajasthan,SK=Sikkim,TN=Tamil Nadu,TR=Tripura,TS=Telangana=TG,UK=Uttarakhand=Uttaranchal=UT,UP=Uttar Pradesh,WB=West Bengal"
	case "IT":
		return "21=Piemonte=Piedmont,23=Valle d'Aosta=Aosta Valley=Vallée d'Aoste=Aosta=AO,25=Lombardia=Lombardy,32=Trentino-Alto Adige=Trentino-Südtirol,34=Veneto,36=Friuli-Venezia Giulia,42=Liguria" +
			",45=Emilia-Romagna,52=Toscana=Tuscany,55=Umbria,57=Marche,62=Lazio,65=Abruzzo,67=Molise,72=Campania,75=Puglia=Apulia,77=Basilicata,78=Calabria,82=Sicilia=Sicily,88=Sardegna=Sardinia" +
			",AG=Agrigento,AL=Alessandria,AN=Ancona,AP=Ascoli Piceno,AQ=L'Aquila,AR=Arezzo,AT=Asti,AV=Avellino,BA=Bari,BG=Bergamo,BI=Biella,BL=Belluno,BN=Benevento,BO=Bologna,BR=Brindisi,BS=Brescia" +
			",BT=Barletta-Andria-Trani,BZ=Bolzano=Südtirol=Bozen=Alto Adige,CA=Cagliari,CB=Campobasso,CE=Caserta,CH=Chieti,CL=Caltanissetta,CN=Cuneo,CO=Como,CR=Cremona,CS=Cosenza,CT=Catania,CZ=Catanzaro" +
			",EN=Enna,FC=Forlì-Cesena,FE=Ferrara,FG=Foggia,FI=Firenze=Florence,FM=Fermo,FR=Frosinone,GE=Genova=Genoa,GO=Gorizia,GR=Grosseto,IM=Imperia,IS=Isernia,KR=Crotone,LC=Lecco,LE=Lecce,LI=Livorno" +
			",LO=Lodi,LT=Latina,LU=Lucca,MB=Monza e Brianza=Monza e della Brianza=Monza,MC=Macerata,ME=Messina,MI=Milano=Milan,MN=Mantova=Mantua,MO=Modena,MS=Massa-Carrara,MT=Matera,NA=Napoli=Naples" +
			",NO=Novara,NU=Nuoro,OR=Oristano,PA=Palermo,PC=Piacenza,PD=Padova=Padua,PE=Pescara,PG=Perugia,PI=Pisa,PN=Pordenone,PO=Prato,PR=Parma,PT=Pistoia,PU=Pesaro e Urbino=Pesaro,PV=Pavia,PZ=Potenza" +
			",RA=Ravenna,RC=Reggio Calabria=Reggio di Calabria,RE=Reggio Emilia=Reggio nell'Emilia,RG=Ragusa,RI=Rieti,RM=Roma=Rome,RN=Rimini,RO=Rovigo,SA=Salerno,SI=Siena,SO=Sondrio,SP=La Spezia" +
			",SR=Siracusa=Syracuse,SS=Sassari,SU=Sud Sardegna,SV=Savona,TA=Taranto,TE=Teramo,TN=Trento=Trentino,TO=Torino=Turin,TP=Trapani,TR=Terni,TS=Trieste,TV=Treviso,UD=Udine,VA=Varese" +
			",VB=Verbano-Cusio-Ossola,VC=Vercelli,VE=Venezia=Venice,VI=Vicenza,VR=Verona,VT=Viterbo,VV=Vibo Valentia"
	case "JP":
		return "01=Hokkaido=北海道,02=Aomori=青森,03=Iwate=岩手,04=Miyagi=宮城,05=Akita=秋田,06=Yamagata=山形,07=Fukushima=福島,08=Ibaraki=茨城,09=Tochigi=栃木,10=Gunma=群馬,11=Saitama=埼玉,12=Chiba=千葉,13=Tokyo=東京,14=Kanagawa=神奈川" +
			",15=Niigata=新潟,16=Toyama=富山,17=Ishikawa=石川,18=Fukui=福井,19=Yamanashi=山梨,20=Nagano=長野,21=Gifu=岐阜,22=Shizuoka=静岡,23=Aichi=愛知,24=Mie=三重,25=Shiga=滋賀,26=Kyoto=京都,27=Osaka=大阪,28=Hyogo=兵庫,29=Nara=奈良" +
			",30=Wakayama=和歌山,31=Tottori=鳥取,32=Shimane=島根,33=Okayama=岡山,34=Hiroshima=広島,35=Yamaguchi=山口,36=Tokushima=徳島,37=Kagawa=香川,38=Ehime=愛媛,39=Kochi=高知,40=Fukuoka=福岡,41=Saga=佐賀,42=Nagasaki=長崎" +
			",43=Kumamoto=熊本,44=Oita=大分,45=Miyazaki=宮崎,46=Kagoshima=鹿児島,47=Okinawa=沖縄"
	case "MX":
		return "AGU=Aguascalientes=AGS,BCN=Baja California=BC=Baja California Norte,BCS=Baja California Sur,CAM=Campeche,CHH=Chihuahua=CHIH,CHP=Chiapas=CHIS" +
			",CMX=Ciudad de México=Mexico City=CDMX=Distrito Federal=DF,COA=Coahuila=Coahuila de Zaragoza=COAH,COL=Colima,DUR=Durango=DGO,GRO=Guerrero,GUA=Guanajuato=GTO,HID=Hidalgo=HGO,JAL=Jalisco" +
			",MEX=México=Estado de México=State of Mexico=Edo. Méx.=Edomex,MIC=Michoacán=Michoacán de Ocampo=MICH,MOR=Morelos,NAY=Nayarit,NLE=Nuevo León=NL,OAX=Oaxaca,PUE=Puebla,QUE=Querétaro=QRO" +
			",ROO=Quintana Roo=QROO,SIN=Sinaloa,SLP=San Luis Potosí,SON=Sonora,TAB=Tabasco,TAM=Tamaulipas=TAMPS,TLA=Tlaxcala=TLAX,VER=Veracruz=Veracruz de Ignacio de la Llave,YUC=Yucatán,ZAC=Zacatecas"
	case "NL":
		return "DR=Drenthe,FL=Flevoland,FR=Fryslân=Friesland,GE=Gelderland,GR=Groningen,LI=Limburg,NB=Noord-Brabant=North Brabant,NH=Noord-Holland=North Holland,OV=Overijssel,UT=Utrecht,ZE=Zeeland=Zealand" +
			",ZH=Zuid-Holland=South Holland,AW=Aruba,BQ1=Bonaire,BQ2=Saba,BQ3=Sint Eustatius,CW=Curaçao,SX=Sint Maarten"
	case "NO":
		return "03=Oslo,11=Rogaland,15=Møre og Romsdal,18=Nordland,21=Svalbard,22=Jan Mayen,31=Østfold,32=Akershus,33=Buskerud,34=Innlandet,39=Vestfold,40=Telemark,42=Agder,46=Vestland,50=Trøndelag,55=Troms" +
			",56=Finnmark"
	case "NZ":
		return "AUK=Auckland,BOP=Bay of Plenty,CAN=Canterbury,CIT=Chatham Islands,GIS=Gisborne,HKB=Hawke's Bay,MBH=Marlborough,MWT=Manawatū-Whanganui=Manawatu-Wanganui=Manawatu,NSN=Nelson,NTL=Northland" +
			",OTA=Otago,STL=Southland,TAS=Tasman,TKI=Taranaki,WGN=Wellington=Greater Wellington,WKO=Waikato,WTC=West Coast"
	case "PL":
		return "02=Dolnośląskie=Lower Silesia=DS,04=Kujawsko-Pomorskie=Kuyavia-Pomerania=KP,06=Lubelskie=LU,08=Lubuskie=LB,10=Łódzkie=Łódź=LD,12=Małopolskie=Lesser Poland=Małopolska=MA" +
			",14=Mazowieckie=Masovia=Mazovia=MZ,16=Opolskie=OP,18=Podkarpackie=Subcarpathia=PK,20=Podlaskie=Podlasie=PD,22=Pomorskie=Pomerania=PM,24=Śląskie=Silesia=SL,26=Świętokrzyskie=SK" +
			",28=Warmińsko-Mazurskie=Warmia-Masuria=WN,30=Wielkopolskie=Greater Poland=Wielkopolska=WP,32=Zachodniopomorskie=West Pomerania=ZP"
	case "PT":
		return "01=Aveiro,02=Beja,03=Braga,04=Bragança,05=Castelo Branco,06=Coimbra,07=Évora,08=Faro,09=Guarda,10=Leiria,11=Lisboa=Lisbon,12=Portalegre,13=Porto=Oporto,14=Santarém,15=Setúbal" +
			",16=Viana do Castelo,17=Vila Real,18=Viseu,20=Açores=Azores=Região Autónoma dos Açores,30=Madeira=Região Autónoma da Madeira"
	case "SE":
		return "AB=Stockholm,AC=Västerbotten,BD=Norrbotten,C=Uppsala,D=Södermanland=Sörmland,E=Östergötland,F=Jönköping,G=Kronoberg,H=Kalmar,I=Gotland,K=Blekinge,M=Skåne=Scania,N=Halland,O=Västra Götaland" +
			",S=Värmland,T=Örebro,U=Västmanland,W=Dalarna=Dalarnas,X=Gävleborg,Y=Västernorrland,Z=Jämtland"
	case "US":
		return "AL=Alabama=Ala,AK=Alaska,AZ=Arizona=Ariz,AR=Arkansas=Ark,CA=California=Calif,CO=Colorado=Colo,CT=Connecticut=Conn,DE=Delaware=Del,DC=District of Columbia=Washington DC,FL=Florida=Fla" +
			",GA=Georgia,HI=Hawaii,ID=Idaho,IL=Illinois=Ill,IN=Indiana=Ind,IA=Iowa,KS=Kansas=Kan,KY=Kentucky,LA=Louisiana,ME=Maine,MD=Maryland,MA=Massachusetts=Mass,MI=Michigan=Mich,MN=Minnesota=Minn" +
			",MS=Mississippi=Miss,MO=Missouri,MT=Montana=Mont,NE=Nebraska=Neb,NV=Nevada=Nev,NH=New Hampshire,NJ=New Jersey,NM=New Mexico,NY=New York,NC=North Carolina,ND=North Dakota,OH=Ohio" +
			",OK=Oklahoma=Okla,OR=Oregon=Ore,PA=Pennsylvania=Penn,RI=Rhode Island,SC=South Carolina,SD=South Dakota,TN=Tennessee=Tenn,TX=Texas=Tex,UT=Utah,VT=Vermont,VA=Virginia,WA=Washington=Wash" +
			",WV=West Virginia=W Va,WI=Wisconsin=Wis,WY=Wyoming=Wyo,PR=Puerto Rico,GU=Guam,VI=US Virgin Islands,AS=American Samoa,MP=Northern Mariana Islands,UM=US Minor Outlying Islands"
	case "ZA":
		return "EC=Eastern Cape=Oos-Kaap,FS=Free State=Vrystaat,GP=Gauteng=GT=GAU,KZN=KwaZulu-Natal=NL=ZN=Natal,LP=Limpopo=LIM=NP,MP=Mpumalanga=MPU,NC=Northern Cape=Noord-Kaap,NW=North West=Noordwes" +
			",WC=Western Cape=Wes-Kaap"
	}
	return ""
}

// regionAffixes are the words, folded, that stand before and after a region's name and
// say only what it is.
func regionAffixes(country string) (before, after []string) {
	switch country {
	case "AT", "DE":
		return []string{"bundesland", "land", "freistaat", "freieundhansestadt", "freiehansestadt", "stateof"}, nil
	case "BE", "NL":
		return []string{"provincie", "provincede", "provincedu", "provinceof"}, []string{"province"}
	case "BR", "MX":
		return []string{"estadode", "estadodo", "estadoda", "stateof"}, []string{"state"}
	case "CH":
		return []string{"kanton", "cantonde", "cantondu", "cantonof", "cantonedi", "cantone", "canton"}, nil
	case "CN":
		return nil, []string{"维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "特别行政区", "省", "市", "province", "sheng", "shi"}
	case "DK", "NZ":
		return []string{"region"}, []string{"region"}
	case "ES", "IT", "PT":
		return []string{"provinciade", "provinciadi", "provinceof", "cittametropolitanadi", "regione", "distritode", "distritodo", "comunidadautonomade"}, nil
	case "FR":
		return []string{"departementde", "departementdu", "departementdela", "departementdes", "region"}, nil
	case "IE":
		return []string{"county", "co", "contae"}, []string{"county"}
	case "JP":
		return nil, []string{"県", "府", "都", "prefecture", "ken", "fu", "to"}
	case "NO":
		return nil, []string{"fylke", "county"}
	case "PL":
		return []string{"wojewodztwo", "woj"}, []string{"voivodeship", "province"}
	case "SE":
		return nil, []string{"slan", "lan", "county"}
	case "CA", "IN", "US", "ZA":
		return []string{"stateof", "commonwealthof", "provinceof", "provincede"}, []string{"state", "province"}
	}
	return nil, nil
}

func regionsKnown() string {
	return "AT, AU, BE, BR, CA, CH, CN, DE, DK, ES, FR, GB, IE, IN, IT, JP, MX, NL, NO, NZ, PL, PT, SE, US or ZA"
}

func makeRegion(s StepConfig) (stepFunc, *errs.Error) {
	as, fault := choose(s, "as", "iso", "code", "name")
	if fault != nil {
		return nil, fault
	}
	country := strings.ToUpper(s.Args["country"])
	if country == "" { // told by another attribute, which says nothing or a country of which nothing is known
		return unread, nil
	}
	list := regions(country)
	if list == "" {
		return nil, errs.New("step_args", "the regions of this country are not known").At(".country").Fix("use one of " + regionsKnown() + ", or the step map")
	}
	known := map[string]string{}
	var codes []string
	for entry := range strings.SplitSeq(list, ",") {
		names := strings.Split(entry, "=")
		out := map[string]string{"iso": country + "-" + names[0], "code": names[0], "name": names[1]}[as]
		codes = append(codes, names[0])
		known[fold(country+names[0])] = out
		for _, n := range names {
			if key := fold(n); known[key] == "" || n == names[0] {
				known[key] = out
			}
		}
	}
	before, after := regionAffixes(country)
	return read(100, func(text string) (string, bool) {
		key := fold(text)
		if out, ok := known[key]; ok {
			return out, true
		}
		if allDigits(key) { // 01 may have lost its zero
			for _, code := range codes {
				if strings.TrimLeft(code, "0") == strings.TrimLeft(key, "0") {
					return known[fold(code)], true
				}
			}
		}
		for _, word := range before {
			if out, ok := known[strings.TrimPrefix(key, word)]; ok {
				return out, true
			}
		}
		for _, word := range after {
			if out, ok := known[strings.TrimSuffix(key, word)]; ok {
				return out, true
			}
		}
		return "", false
	}), nil
}
