package hospital

import (
	"regexp"
	"sync"

	"github.com/pamlab/pamlab/scenarios"
)

// Bounds of a description. A hospital beyond them is a slip of the keyboard.
const (
	mostBeds   = 1000 // of a unit
	mostUnits  = 500
	mostDaily  = 20_000
	leastDaily = 0.1 // people in all
	mostPeople = 1_000_000
)

var (
	finess   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9][0-9AB][0-9]{7}$`) })
	unitCode = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$`) })
)

// whom are the words of Unit.For.
var whom = []string{"adults", "elders", "children", "women"}

// Load reads and checks the description of a hospital. The error is a
// scenarios.Problems with every fault that was found.
func Load(name string) (*Config, error) {
	s, err := scenarios.OpenSheet(name)
	if err != nil {
		return nil, err
	}
	return decode(s)
}

// Parse reads and checks a description that is at hand; name is what problems
// call it.
func Parse(name string, data []byte) (*Config, error) {
	s, err := scenarios.ParseSheet(name, data)
	if err != nil {
		return nil, err
	}
	return decode(s)
}

func decode(s *scenarios.Sheet) (*Config, error) {
	c := &Config{Opening: 0.6, Population: 20_000, Returning: 0.5, Mistakes: 1}
	root := s.Root()
	if root.Keys("version", "facility", "poles", "places", "mix", "opening", "population", "returning", "mistakes") {
		root.Need("version").Word("1")
		c.facility(root.Need("facility"))
		codes := map[string]bool{}
		for _, v := range root.Need("poles").Items() {
			c.Poles = append(c.Poles, pole(v, codes))
		}
		for _, v := range root.Get("places").Items() {
			c.Places = append(c.Places, place(v, codes))
		}
		share := func(key string, into *float64, most float64) {
			if v := root.Get(key); v.Written() {
				*into = v.Number(0, most)
			}
		}
		share("opening", &c.Opening, 1)
		share("returning", &c.Returning, 1)
		share("mistakes", &c.Mistakes, 10)
		if v := root.Get("population"); v.Written() {
			c.Population = v.Whole(0, mostPeople)
		}
		c.mix(root.Need("mix"))
		if s.Err() == nil {
			c.check(root)
		}
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Config) facility(v scenarios.SheetValue) {
	if !v.Keys("name", "finess") {
		return
	}
	c.Name = short(v.Need("name"), 20)
	number := v.Need("finess")
	if c.FINESS = number.Text(); c.FINESS != "" && !finess().MatchString(c.FINESS) {
		number.Fault(
			scenarios.Textf("« %s » n'est pas un numéro FINESS", "%q is no FINESS number", c.FINESS),
			scenarios.Text{FR: "9 caractères, par exemple 990000017", EN: "9 characters, for example 990000017"})
	}
}

// short returns a text of so many characters at most.
func short(v scenarios.SheetValue, most int) string {
	text := v.Text()
	if len([]rune(text)) > most {
		v.Fault(scenarios.Textf("« %s » est trop long", "%q is too long", text),
			scenarios.Textf("%d caractères au plus", "at most %d characters", most))
	}
	return text
}

func pole(v scenarios.SheetValue, codes map[string]bool) Pole {
	p := Pole{}
	if !v.Keys("name", "units") {
		return p
	}
	p.Name = v.Need("name").Text()
	for _, u := range v.Need("units").Items() {
		p.Units = append(p.Units, unit(u, codes))
	}
	return p
}

func unit(v scenarios.SheetValue, codes map[string]bool) Unit {
	if !v.Keys("code", "label", "kind", "beds", "days", "for") {
		return Unit{}
	}
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	u := entry(v, codes)
	u.Kind = Kind(v.Need("kind").Word(words...))
	u.For = v.Get("for").Word(whom...)
	if u.Kind == "" {
		return u // that is told
	}
	if !u.Kind.bedded() {
		for _, key := range []string{"beds", "days"} {
			v.Get(key).Fault(scenarios.Textf("une unité « %s » n'a pas de « %s »", "a unit of kind %q has no %q", u.Kind, key), scenarios.Text{})
		}
		return u
	}
	u.Beds = v.Need("beds").Whole(1, mostBeds)
	u.Days = 1
	if u.Kind != Day {
		u.Days = v.Need("days").Number(0.5, 90)
	}
	return u
}

func place(v scenarios.SheetValue, codes map[string]bool) Unit {
	if !v.Keys("code", "label") {
		return Unit{}
	}
	return entry(v, codes)
}

// entry reads what units and places have in common. A code names one unit only.
func entry(v scenarios.SheetValue, codes map[string]bool) Unit {
	code := v.Need("code")
	u := Unit{Code: code.Text(), Label: short(v.Need("label"), 50)}
	switch {
	case u.Code == "":
	case !unitCode().MatchString(u.Code):
		code.Fault(scenarios.Textf("« %s » n'est pas un code d'unité", "%q is no code of a unit", u.Code),
			scenarios.Text{FR: "20 lettres et chiffres au plus", EN: "at most 20 letters and digits"})
	case codes[u.Code]:
		code.Fault(scenarios.Textf("l'unité %s est déjà décrite", "unit %s is described already", u.Code), scenarios.Text{})
	}
	codes[u.Code] = true
	return u
}

func (c *Config) mix(v scenarios.SheetValue) {
	rates := map[string]*float64{
		"emergencies": &c.Mix.Emergencies, "admissions": &c.Mix.Admissions, "day_surgery": &c.Mix.DaySurgery,
		"consultations": &c.Mix.Consultations, "deliveries": &c.Mix.Deliveries, "sessions": &c.Mix.Sessions, "monitoring": &c.Mix.Monitoring,
	}
	if !v.Keys("emergencies", "hospitalised", "admissions", "day_surgery", "consultations", "deliveries", "sessions", "monitoring") {
		return
	}
	for key, into := range rates {
		*into = v.Get(key).Number(0, mostDaily)
	}
	c.Mix.Hospitalised = v.Get("hospitalised").Number(0, 1)
	for _, need := range []struct {
		key  string
		kind Kind
	}{
		{"emergencies", Emergency}, {"admissions", Ward}, {"hospitalised", Ward}, {"day_surgery", Day},
		{"consultations", Consultation}, {"deliveries", Maternity}, {"sessions", Sessions}, {"monitoring", Monitoring},
	} {
		if n := v.Get(need.key); n.Written() && n.Text() != "0" && !c.has(need.kind) {
			n.Fault(scenarios.Textf("personne ne peut venir : aucune unité « %s »", "nobody can come: there is no unit of kind %q", need.kind), scenarios.Text{})
		}
	}
}

// check refuses a hospital to which nobody comes, and one beyond all bounds.
func (c *Config) check(root scenarios.SheetValue) {
	units := 0
	for _, p := range c.Poles {
		units += len(p.Units)
	}
	m := c.Mix
	switch {
	case units > mostUnits:
		root.Get("poles").Fault(scenarios.Textf("%d unités : %d au plus", "%d units: at most %d", units, mostUnits), scenarios.Text{})
	case m.Emergencies+m.Admissions+m.DaySurgery+m.Consultations+m.Deliveries+m.Sessions+m.Monitoring < leastDaily:
		root.Get("mix").Fault(
			scenarios.Text{FR: "personne ne vient, ou presque", EN: "nobody comes, or hardly anybody"},
			scenarios.Text{FR: "au moins une personne en dix jours", EN: "at least one person in ten days"})
	}
}
