package reference

import (
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
)

// patientView is what a clerk tells of a patient, all of it invented.
type patientView struct {
	Patient  string `json:"patient"`
	State    string `json:"state"`
	Identity string `json:"identity"`
	IPP      string `json:"ipp"`
	INS      string `json:"ins,omitempty"`
	Family   string `json:"family"`
	Given    string `json:"given"`
	Sex      string `json:"sex"`
	Birth    string `json:"birth"`
	Account  string `json:"account"`
	Visit    string `json:"visit"`
	Class    string `json:"class"`
	Unit     string `json:"unit"`
	Room     string `json:"room,omitempty"`
	Bed      string `json:"bed,omitempty"`

	Movements []movementView `json:"movements,omitempty"`
	Messages  []Letter       `json:"messages,omitempty"`
}

type movementView struct {
	Step      string    `json:"step"`
	ID        string    `json:"id"`
	Event     string    `json:"event"`
	Start     time.Time `json:"start"`
	Nature    string    `json:"nature,omitempty"`
	Cancelled bool      `json:"cancelled,omitempty"`
}

// viewPatient is called with the book locked.
func viewPatient(e *entry) patientView {
	p, s := e.journey.Patient(), e.journey.Stay()
	return patientView{
		Patient: e.name, State: string(e.journey.State()), Identity: p.Identity, IPP: p.IPP, INS: p.INS,
		Family: p.Family, Given: p.Given[0], Sex: p.Sex, Birth: p.Birth.Format(time.DateOnly),
		Account: s.Account, Visit: s.Visit, Class: s.Class, Unit: s.Housing.Code, Room: s.Room, Bed: s.Bed,
	}
}

func viewMovements(j *pam.Journey) []movementView {
	var all []movementView
	for _, m := range j.Movements() {
		all = append(all, movementView{m.Step, m.ID, string(m.Trigger), m.Start, m.Nature, m.Cancelled})
	}
	return all
}
