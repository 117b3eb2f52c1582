package people

func india() *country {
	return &country{
		code: "IN", share: 8,
		female: "Priya, Anjali, Sunita, Pooja, Neha, Kavita, Asha, Rekha, Anita, Meena, Lakshmi, Divya, Deepa, Swati, Shreya, Aishwarya, Nisha, " +
			"Ritu, Sneha, Shalini, Geeta, Usha, Radha, Sita, Lata, Padma, Kamala, Revathi, Vidya, Rani, Fatima, Ayesha, Zainab, Harpreet, " +
			"Gurpreet, Simran, Jyoti, Preeti, Archana, Manju, Seema, Sarita, Bhavana, Ananya, Diya, Ishita",
		male: "Rahul, Amit, Rajesh, Sanjay, Vijay, Suresh, Ramesh, Anil, Sunil, Rakesh, Manoj, Ravi, Ajay, Arun, Vikram, Deepak, Ashok, Mukesh, " +
			"Dinesh, Mahesh, Ganesh, Krishna, Srinivas, Venkatesh, Karthik, Arjun, Rohan, Aditya, Nikhil, Siddharth, Prakash, Mohan, Gopal, " +
			"Hari, Imran, Salman, Abdul, Mohammed, Harjit, Gurdeep, Manpreet, Balwinder, Aarav, Vivaan, Ishaan, Pranav, Varun, Naveen",
		families: "Kumar, Singh, Sharma, Patel, Gupta, Khan, Reddy, Das, Yadav, Rao, Shah, Verma, Mishra, Jain, Nair, Iyer, Mehta, Joshi, Agarwal, " +
			"Chauhan, Roy, Ghosh, Banerjee, Mukherjee, Chatterjee, Bose, Sen, Dutta, Pillai, Menon, Naidu, Desai, Kulkarni, Deshmukh, Patil, " +
			"Pandey, Tiwari, Dubey, Trivedi, Chaudhary, Thakur, Malik, Ansari, Sheikh, Begum, Kaur, Gill, Sidhu, Dhillon, Sandhu, Grewal, " +
			"Bhatt, Parekh, Kapoor, Khanna, Malhotra, Chopra, Arora, Sethi, Bhatia, Saxena, Srivastava, Rathore, Solanki, Hegde, Shetty, " +
			"Kamath, Gowda, Prasad, Mohanty, Mahapatra, Sahu, Barua, Fernandes, D'Souza, Thomas, Mathew, George",
		fronts: "Ananda, Bala, Chandra, Deva, Gana, Gopala, Gowri, Hari, Jaya, Kali, Kanna, Krishna, Lakshmi, Maha, Mani, Muthu, Naga, Para, Raja, " +
			"Rama, Ranga, Sana, Shiva, Siva, Soma, Sundara, Surya, Vana, Veera, Vijaya, Venkata",
		backs: "chandran, krishnan, lingam, murthy, nathan, pathy, rajan, raman, samy, swamy, velu, moorthy, prasad, kumar",
		towns: []string{
			"Mumbai|Maharashtra|4000##", "Delhi|Delhi|1100##", "Bengaluru|Karnataka|5600##", "Hyderabad|Telangana|5000##",
			"Ahmedabad|Gujarat|3800##", "Chennai|Tamil Nadu|6000##", "Kolkata|West Bengal|7000##", "Pune|Maharashtra|4110##",
			"Surat|Gujarat|3950##", "Jaipur|Rajasthan|3020##", "Lucknow|Uttar Pradesh|2260##", "Kanpur|Uttar Pradesh|2080##",
			"Nagpur|Maharashtra|4400##", "Indore|Madhya Pradesh|4520##", "Bhopal|Madhya Pradesh|4620##", "Patna|Bihar|8000##",
			"Kochi|Kerala|6820##", "Coimbatore|Tamil Nadu|6410##", "Guwahati|Assam|7810##", "Chandigarh|Chandigarh|1600##",
		},
		streets: "",
		stems: "MG, Station, Gandhi, Nehru, Temple, Lake, Church, Market, Mill, College, Hospital, Park, Tilak, Patel, Ambedkar, Rajaji, Anna, " +
			"Netaji, Subhash, Shivaji, Residency, Brigade, Mall, Ring, Canal, Garden, Hill, Beach, Fort, Palace, Link, School, Tank Bund, Race " +
			"Course, Airport, Jawahar, Lajpat, Sardar",
		ways:    "% Road, % Nagar, % Street, % Marg, % Colony, % Layout",
		short:   []string{" Road", " Rd", " Street", " St", " Colony", " Col"},
		titles:  [2]string{"Smt., Mrs., Ms., Dr.", "Shri, Mr., Mr., Dr."},
		firms:   "Pvt. Ltd., & Sons, Traders, Textiles, Infotech Pvt. Ltd., Hospital, Enterprises, Constructions",
		calling: "91", trunk: "0", mobiles: "98, 97, 94, 88, 70", grouping: []int{5, 5},
		id: func(d *dice, number int, _ *person) string { // those that begin with 1 are given to nobody
			s := "1" + digits(number, 8) + digits(d.n(1000), 3)
			return grouped(s, []int{4, 4, 4}, " ")
		},
		nicknames: "Anjali=Anju, Sunita=Sunu, Pooja=Puja, Kavita=Kavi, Lakshmi=Lachu Laxmi, Divya=Divi, Shreya=Shreyu, Aishwarya=Aishu Aish, " +
			"Harpreet=Happy, Gurpreet=Guri, Simran=Simi, Preeti=Pree, Rajesh=Raju, Sanjay=Sanju, Vijay=Viju, Suresh=Suri, Amit=Ami, Manoj=Manu, " +
			"Vikram=Vicky, Deepak=Deepu Dipu, Ganesh=Ganu, Krishna=Kittu Kris, Srinivas=Srini Vasu, Venkatesh=Venky, Karthik=Kartik, " +
			"Aditya=Adi, Nikhil=Nik, Siddharth=Sid, Mohammed=Mohd Md, Manpreet=Manny, Balwinder=Bally, Gopal=Gopu",
	}
}
