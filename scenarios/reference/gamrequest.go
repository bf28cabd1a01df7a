package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
)

// Bounds of what one request asks for.
const (
	mostEvents = 50
	longest    = 64 // name of a patient or step
)

type patientRequest struct {
	Patient string     `json:"patient"`
	Given   givenWords `json:"given"`
}

type eventRequest struct {
	patientRequest
	Event string      `json:"event"`
	Step  string      `json:"step"`
	With  changeWords `json:"with"`
}

// givenWords are those of the scenario language below given.
type givenWords struct {
	Patient patientWords `json:"patient"`
	Stay    stayWords    `json:"stay"`
}

type patientWords struct {
	Identity   string `json:"identity"`
	Sex        string `json:"sex"`
	Born       string `json:"born"`
	BirthPlace string `json:"birth_place"`
	Family     string `json:"family"`
	Given      string `json:"given"`
	UsualName  string `json:"usual_name"`
	Twin       flag   `json:"twin"`
	LongName   flag   `json:"long_name"`
}

func (p patientWords) spec() pam.PatientSpec {
	return pam.PatientSpec{
		Identity: p.Identity, Sex: p.Sex, Born: p.Born, BirthPlace: p.BirthPlace,
		Family: p.Family, Given: p.Given, UsualName: p.UsualName, Twin: bool(p.Twin), LongName: bool(p.LongName),
	}
}

type unitWords struct {
	Code  string `json:"code"`
	Label string `json:"label"`
}

// unit is nil when nothing is said.
func (u unitWords) unit() *pam.Unit {
	if u == (unitWords{}) {
		return nil
	}
	return &pam.Unit{Code: u.Code, Label: u.Label}
}

type stayWords struct {
	Class   string    `json:"class"`
	Unit    unitWords `json:"unit"`
	Housing unitWords `json:"housing"`
	Medical unitWords `json:"medical"`
	Care    unitWords `json:"care"`
	Room    string    `json:"room"`
	Bed     string    `json:"bed"`
	NoBed   flag      `json:"no_bed"`
	Tariff  string    `json:"tariff"`
}

func (s stayWords) spec() pam.StaySpec {
	return pam.StaySpec{
		Class: s.Class, Unit: pam.Unit(s.Unit), Medical: pam.Unit(s.Medical), Care: pam.Unit(s.Care), Room: s.Room, Bed: s.Bed,
	}
}

// changeWords are those of the scenario language below with.
type changeWords struct {
	At         span         `json:"at"`
	Start      *span        `json:"start"`
	Planned    span         `json:"planned"`
	Stay       stayWords    `json:"stay"`
	NewStay    *stayWords   `json:"new_stay"` // another stay of the same patient
	Temporary  unitWords    `json:"temporary"`
	Doctor     *doctorWords `json:"doctor"`
	Patient    patientWords `json:"patient"`
	Of         string       `json:"of"`
	Deceased   flag         `json:"deceased"`
	LastVisit  *flag        `json:"last_visit"`
	Identifier string       `json:"identifier"`
	Second     flag         `json:"second"`
	Keep       flag         `json:"keep"`
	Force      flag         `json:"force"`
}

type doctorWords struct {
	Family string `json:"family"`
	Given  string `json:"given"`
	RPPS   string `json:"rpps"`
}

func (c changeWords) change() pam.Change {
	change := pam.Change{
		At: time.Duration(c.At), Start: (*time.Duration)(c.Start), Planned: time.Duration(c.Planned),
		Unit: c.Stay.Unit.unit(), Housing: c.Stay.Housing.unit(), Medical: c.Stay.Medical.unit(), Care: c.Stay.Care.unit(),
		Room: c.Stay.Room, Bed: c.Stay.Bed, NoBed: bool(c.Stay.NoBed), Tariff: c.Stay.Tariff, Class: c.Stay.Class,
		Temporary: c.Temporary.unit(), Of: c.Of, Deceased: bool(c.Deceased), LastVisit: (*bool)(c.LastVisit),
		Identifier: c.Identifier, Second: bool(c.Second), Keep: bool(c.Keep), Force: bool(c.Force),
	}
	if c.Doctor != nil {
		change.Doctor = &pam.Doctor{Family: c.Doctor.Family, Given: c.Doctor.Given, RPPS: c.Doctor.RPPS}
	}
	if c.Patient != (patientWords{}) {
		spec := c.Patient.spec()
		change.Patient = &spec
	}
	return change
}

// A flag is true or "true": who fills in a template may only have texts.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	switch strings.Trim(string(b), `"`) {
	case "true":
		*f = true
	case "false", "null", "":
		*f = false
	default:
		return badRequest(fmt.Sprintf("« %s » n'est ni true ni false", b), fmt.Sprintf("%s is neither true nor false", b))
	}
	return nil
}

// A span is a duration as scenarios write it: +1h, 90m, 2d.
type span time.Duration

func (s *span) UnmarshalJSON(b []byte) error {
	text := strings.TrimPrefix(strings.Trim(string(b), `"`), "+")
	if days, found := strings.CutSuffix(text, "d"); found {
		if n, err := strconv.Atoi(days); err == nil && n > -10_000 && n < 10_000 {
			*s = span(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return badRequest(fmt.Sprintf("« %s » n'est pas une durée, comme +1h ou 2d", text), fmt.Sprintf("%q is no duration, such as +1h or 2d", text))
	}
	*s = span(d)
	return nil
}

// decode reads one JSON value, in which every key is known.
func decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		return badRequest("il y a quelque chose après le JSON", "there is something behind the JSON")
	}
	var own *requestError
	if errors.As(err, &own) {
		return own
	}
	why := strings.TrimPrefix(err.Error(), "json: ")
	return badRequest("le corps n'est pas le JSON attendu : "+why, "the body is not the JSON that is expected: "+why)
}

// decodeEvents reads one event, or a list of them.
func decodeEvents(body []byte) (requests []eventRequest, list bool, err error) {
	if list = bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte{'['}); list {
		err = decode(body, &requests)
	} else {
		requests = make([]eventRequest, 1)
		err = decode(body, &requests[0])
	}
	if err == nil && (len(requests) == 0 || len(requests) > mostEvents) {
		err = badRequest(fmt.Sprintf("une liste a de 1 à %d événements", mostEvents), fmt.Sprintf("a list has 1 to %d events", mostEvents))
	}
	for _, q := range requests {
		if err == nil {
			err = checkName(q.Patient)
		}
		if err == nil && len(q.Step) > longest {
			err = badRequest(fmt.Sprintf("« step » a au plus %d octets", longest), fmt.Sprintf(`"step" has %d bytes at most`, longest))
		}
	}
	return requests, list, err
}

func checkName(name string) error {
	if name == "" || len(name) > longest {
		return badRequest(
			fmt.Sprintf("il manque « patient », un nom de votre choix, d'au plus %d octets", longest),
			fmt.Sprintf(`"patient" is missing, a name of your choice with %d bytes at most`, longest))
	}
	return nil
}
