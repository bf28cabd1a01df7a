package pam

import (
	"math/rand/v2"
	"strings"
	"time"
)

// This file draws what makes a patient somebody. Draws happen in a fixed order
// and all of them always, so that a spec which fixes one trait leaves the
// others as they were.

// born draws or reads the day of birth. Ages follow the hospital's, which is
// older than the town; the days come from dice, see Generator.
func (g *Generator) born(p *Patient, spec string, r, dice *rand.Rand) error {
	ages := [...][2]int{{18, 45}, {30, 60}, {50, 80}, {65, 97}, {1, 17}}
	span := ages[r.IntN(len(ages))]
	year, days := r.IntN(100), dice.IntN(365)
	switch spec {
	case "":
	case "adult":
		span = [2]int{18, 64}
	case "elder":
		span = [2]int{75, 99}
	case "child":
		span = [2]int{1, 15}
	case "newborn":
		span, days = [2]int{0, 1}, 1+days%5
	default:
		birth, err := g.readBirth(spec, days)
		p.Birth = birth
		return err
	}
	y, m, d := g.instant.Date()
	years := span[0] + year%(span[1]-span[0])
	p.Birth = time.Date(y-years, m, d-days, 0, 0, 0, 0, g.instant.Location())
	return nil
}

// readBirth reads a date or a year of birth; a year gets a day of its own.
func (g *Generator) readBirth(spec string, days int) (time.Time, error) {
	for _, layout := range []string{"2006-01-02", "20060102", "2006"} {
		t, err := time.ParseInLocation(layout, spec, g.instant.Location())
		if err != nil {
			continue
		}
		if layout == "2006" && t.Year() < g.instant.Year() {
			t = t.AddDate(0, 0, days)
		}
		if t.After(g.instant) {
			return t, badValue("patient.born", spec, "après l'instant du scénario", "after the instant of the scenario")
		}
		if t.Year() < g.instant.Year()-125 {
			return t, badValue("patient.born", spec, "il y a plus de 125 ans", "more than 125 years ago")
		}
		return t, nil
	}
	e := badWord("patient.born", spec)
	e.what = Text{
		FR: e.what.FR + " ni une date AAAA-MM-JJ ni une année",
		EN: e.what.EN + " nor a date YYYY-MM-DD nor a year",
	}
	return time.Time{}, e
}

// birthPlace draws where. The departments of Corsica are told apart since 1976
// only, so nobody older is born there.
func (g *Generator) birthPlace(p *Patient, spec string, r *rand.Rand) {
	const corsica = 1976
	where := pick(r, []string{"france", "france", "france", "france", "abroad", "overseas", "corsica"})
	n := r.Uint64()
	where = orElse(spec, where)
	if where == "corsica" && p.Birth.Year() < corsica {
		if spec == "" {
			where = "france"
		} else {
			p.Birth = p.Birth.AddDate(corsica-p.Birth.Year(), 0, 0)
		}
	}
	all := data().places[where]
	at := all[n%uint64(len(all))]
	p.BirthPlace = Place{Name: at.name, Code: at.code, Country: at.country}
}

func (g *Generator) twin(p *Patient, spec bool, r *rand.Rand) {
	twin, rank := chance(r, 30), 1+r.IntN(2)
	if twin || spec {
		p.BirthRank = rank
	}
}

// name draws the birth names and the ones people go by: a spouse's family name,
// a second given name.
func (p *Patient) name(spec PatientSpec, r *rand.Rand) {
	d := data()
	p.Family = pick(r, d.families)
	p.Given = drawGiven(r, p.Sex, 1+r.IntN(3), "")
	spouse, takes, second := pick(r, d.families), chance(r, 2), chance(r, 6)
	p.marital = p.drawMarital(r)
	p.living = map[string]string{"M": "S", "S": "A", "W": "A", "D": "A"}[p.marital]
	if p.age(p.updated) < 18 {
		p.living = "F"
	}
	if spec.LongName {
		p.longName(r)
	}
	if (p.marital == "M" || p.marital == "W") && p.Sex == "F" && takes && spouse != p.Family {
		p.UsedFamily = spouse
	}
	if second && len(p.Given) > 1 {
		p.UsedGiven = p.Given[1]
	}
}

func (p *Patient) drawMarital(r *rand.Rand) string {
	adult, elder := pick(r, []string{"M", "M", "S", "D"}), pick(r, []string{"M", "W", "W", "D"})
	switch age := p.age(p.updated); {
	case age < 18:
		return "S"
	case age < 70:
		return adult
	default:
		return elder
	}
}

// longName makes names that fill their fields: 50 characters for a family name,
// 30 for a given name, and a list of given names of more than 60.
func (p *Patient) longName(r *rand.Rand) {
	const familyMost, givenMost = 50, 30
	family := "de La Roche-"
	for {
		next := strings.ReplaceAll(pick(r, data().families), " ", "-")
		if len([]rune(family+next)) > familyMost {
			break
		}
		family += next + "-"
	}
	p.Family = strings.TrimSuffix(family, "-")
	p.Given = drawGiven(r, p.Sex, 8, "")
	first := p.Given[0]
	for _, next := range p.Given[1:] {
		if len([]rune(first+"-"+next)) <= givenMost {
			first += "-" + next
		}
	}
	p.Given[0] = first
}

// live draws where the patient lives and how to reach them.
func (p *Patient) live(r *rand.Rand) {
	d := data()
	streets := d.streets[p.letters]
	home := pick(r, d.places["france"])
	p.Address = Address{
		Street:     itoa(1+r.IntN(150)) + " " + pick(r, streets),
		PostalCode: home.postal,
		City:       home.name,
	}
	if extra := pick(r, []string{"Bâtiment C", "Résidence de l'Orée", "Appartement 12", "Escalier 3, 2e étage"}); chance(r, 3) {
		p.Address.Extra = extra
	}
	p.reach(r)
	p.contact = drawContact(p, r)
}

// reach draws numbers and an address that can never reach anybody: the ranges
// that ARCEP keeps for fiction, and the domains of RFC 2606.
func (p *Patient) reach(r *rand.Rand) {
	p.Phone, p.Mobile = drawPhone(r), "063998"+fourDigits(r)
	given, family := mailLetters(p.first()), mailLetters(p.Family)
	name := given[:min(1, len(given))] + family
	p.Email = name[:min(12, len(name))] + itoa(10+r.IntN(90)) + "@example." + pick(r, []string{"org", "net", "com"})
}

// mailLetters keeps of a name what goes into a mail address without a thought.
func mailLetters(name string) string {
	return strings.Map(func(c rune) rune {
		if c < 'a' || c > 'z' {
			return -1
		}
		return c
	}, strings.ToLower(plain(name)))
}

func drawPhone(r *rand.Rand) string {
	return pick(r, []string{"019900", "026191", "035301", "046571", "053649"}) + fourDigits(r)
}

func fourDigits(r *rand.Rand) string { return itoa(10000 + r.IntN(10000))[1:] }

// drawContact draws a parent for a child, a spouse for the married, a child or
// friend for the others.
func drawContact(p *Patient, r *rand.Rand) contact {
	d := data()
	c := contact{
		family:  shortName(r, d.families),
		sex:     pick(r, []string{"F", "M"}),
		phone:   "063998" + fourDigits(r),
		trusted: chance(r, 2),
	}
	friend := pick(r, []string{"CHD", "FND", "SIB"})
	switch {
	case p.age(p.updated) < 18:
		c.relation, c.trusted = map[string]string{"F": "MTH", "M": "FTH"}[c.sex], false
	case p.marital == "M":
		c.relation = "SPO"
	default:
		c.relation = friend
	}
	c.given = shortName(r, map[string][]string{"F": d.women, "M": d.men}[c.sex])
	return c
}

// shortName draws a name that fits where HL7 2.3.1 leaves little room.
func shortName(r *rand.Rand, names []string) string {
	const most = 10
	for {
		if n := pick(r, names); len([]rune(n)) <= most {
			return n
		}
	}
}

// administer draws what the hospital's office knows: papers, consents, work.
func (g *Generator) administer(p *Patient, r *rand.Rand) {
	day := func(days int) time.Time {
		y, m, d := g.instant.Date()
		return time.Date(y, m, d+days, 9, 30, 0, 0, g.instant.Location())
	}
	age := p.age(g.instant)
	p.document = identityDocument{kind: pick(r, []string{"CN", "PA"}), expiry: day(30 + r.IntN(3000))}
	if age < 15 {
		p.document = identityDocument{kind: "LE"} // has no end
	}
	p.query = day(-1 - r.IntN(20))
	p.sms = chance(r, 2)
	p.dmp = pick(r, []dmpStatus{
		{state: "ACTIF", feeding: "INO", reading: "IC"},
		{state: "ACTIF", feeding: "INO", reading: "INC"},
		{state: "ACTIF", feeding: "IO", reading: "INC"},
		{state: "INEXISTANT", feeding: "NA", reading: "NA"},
	})
	p.dmp.recorded = day(-1 - r.IntN(200))
	worker := pick(r, []string{"11", "21", "31", "34", "38", "42", "46", "47", "52", "54", "56", "63", "67"})
	retired := pick(r, []string{"71", "72", "74", "75", "77", "78"})
	switch {
	case age < 4:
		p.job = "85"
	case age < 20:
		p.job = "84"
	case age < 65:
		p.job = worker
	default:
		p.job = retired
	}
}
