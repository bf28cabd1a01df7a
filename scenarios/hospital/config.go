package hospital

import (
	_ "embed"
	"slices"
)

// A Config describes a hospital. Load and Default make usable ones.
type Config struct {
	Name   string // of the facility, as in HD-1
	FINESS string // its geographic number, 9 characters
	Poles  []Pole
	Places []Unit // technical platforms: patients go there and come back to their bed

	Mix Mix

	// Opening is the share of the beds whose patients come in the first hours, so
	// that a hospital does not begin empty.
	Opening float64
	// Population is how many people are remembered who may come again.
	Population int
	// Returning is the share of arrivals who have been here before.
	Returning float64
	// Mistakes is how often things are told wrongly and put right: 1 as in a
	// hospital, 0 never.
	Mistakes float64
}

// A Pole is a group of units with one head.
type Pole struct {
	Name  string
	Units []Unit
}

// A Unit is a functional unit (UF).
type Unit struct {
	Code, Label string
	Kind        Kind
	Beds        int     // of a ward, a day unit, a maternity ward or intensive care
	Days        float64 // that patients stay, on average
	For         string  // whom it takes: adults, elders, children, women; "" everybody
}

// Kind is what a unit is for, which decides the class of its patients.
type Kind string

// The kinds of units, with the class (PV1-2) of their patients.
const (
	Ward         Kind = "ward"         // I
	Intensive    Kind = "intensive"    // I
	Maternity    Kind = "maternity"    // I
	Day          Kind = "day"          // I, home in the evening
	Emergency    Kind = "emergency"    // E
	Consultation Kind = "consultation" // O
	Sessions     Kind = "sessions"     // R
	Monitoring   Kind = "monitoring"   // V
)

// kinds lists the kinds as people should read them.
var kinds = []Kind{Ward, Intensive, Maternity, Day, Emergency, Consultation, Sessions, Monitoring}

// bedded reports whether patients sleep or lie there.
func (k Kind) bedded() bool { return slices.Contains([]Kind{Ward, Intensive, Maternity, Day}, k) }

// class is the PV1-2 of the patients of a unit.
func (k Kind) class() string {
	switch k {
	case Emergency:
		return "E"
	case Consultation:
		return "O"
	case Sessions:
		return "R"
	case Monitoring:
		return "V"
	}
	return "I"
}

// Mix is how many people come on an average day, and for what.
type Mix struct {
	Emergencies   float64
	Hospitalised  float64 // share of the emergencies who stay in the hospital
	Admissions    float64 // planned
	DaySurgery    float64
	Consultations float64
	Deliveries    float64
	Sessions      float64 // series of sessions that begin
	Monitoring    float64 // remote monitorings that begin
}

//go:embed default.yaml
var defaultYAML []byte

// DefaultName is what problems call the shipped hospital.
const DefaultName = "default.yaml"

// DefaultYAML returns the file of the shipped hospital, to start one's own from.
func DefaultYAML() []byte { return slices.Clone(defaultYAML) }

// Default returns the shipped hospital.
func Default() (*Config, error) { return Parse(DefaultName, defaultYAML) }

// Beds counts the beds.
func (c *Config) Beds() int {
	n := 0
	for _, p := range c.Poles {
		for _, u := range p.Units {
			n += u.Beds
		}
	}
	return n
}

// has reports whether there is a unit of a kind, or of one that nobody could read.
func (c *Config) has(k Kind) bool {
	for _, p := range c.Poles {
		if slices.ContainsFunc(p.Units, func(u Unit) bool { return u.Kind == k || u.Kind == "" }) {
			return true
		}
	}
	return false
}
