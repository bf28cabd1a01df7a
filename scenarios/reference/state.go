package reference

// State is a copy of everything that a DMN knows, for tests and probes: an
// acknowledgement alone proves little, the record proves that the message was
// understood. Changing it changes nothing in the DMN.
type State struct {
	Patients []Patient `json:"patients"` // the one heard of last comes first
	Links    []Link    `json:"links,omitempty"`
}

// Patient is one person's record.
type Patient struct {
	Identifiers []Identifier `json:"identifiers"`
	// Former are the identifiers that a merge (A40) took out of use.
	Former      []Identifier `json:"former,omitempty"`
	Family      string       `json:"family"`                 // PID-5.1 of the legal name
	Given       string       `json:"given,omitempty"`        // PID-5.2 of the legal name
	UsualFamily string       `json:"usual_family,omitempty"` // PID-5.1 of the name in use, type D
	BirthDate   string       `json:"birth_date,omitempty"`   // PID-7, as written
	Sex         string       `json:"sex,omitempty"`          // PID-8
	Reliability []string     `json:"reliability,omitempty"`  // PID-32: PROV, VALI …
	Deceased    bool         `json:"deceased,omitempty"`     // PID-30 is Y
	Stays       []Stay       `json:"stays"`                  // oldest first
}

// Identifier is a CX: what names a patient, an account or a visit.
type Identifier struct {
	Value     string `json:"value"`               // CX-1
	Authority string `json:"authority,omitempty"` // CX-4: its universal id, or its local name when it has none
	Type      string `json:"type,omitempty"`      // CX-5: PI, INS, AN, VN …
}

// IsZero reports whether there is no identifier.
func (id Identifier) IsZero() bool { return id == Identifier{} }

// Link is the fact that two records are of the same person (A24).
type Link struct {
	A Identifier `json:"a"`
	B Identifier `json:"b"`
}

// Status is where a stay stands, pam-fr.md §10.2.
type Status string

// The statuses. Pending transfers and discharges are flags beside them: the
// patient stays admitted meanwhile.
const (
	PreAdmitted      Status = "pre-admitted"      // A05
	AdmissionPending Status = "admission-pending" // A14
	Inpatient        Status = "inpatient"         // A01, A06
	Outpatient       Status = "outpatient"        // A04, A07
	OnLeave          Status = "on-leave"          // A21
	Discharged       Status = "discharged"        // A03
	Cancelled        Status = "cancelled"         // everything that opened the stay was undone
)

// Open reports whether the patient is there, or away on leave.
func (s Status) Open() bool { return s == Inpatient || s == Outpatient || s == OnLeave }

// Stay is a visit and its movements, with the situation that follows from them.
type Stay struct {
	Visit   Identifier `json:"visit"`   // PV1-19
	Account Identifier `json:"account"` // PID-18

	Status   Status `json:"status"`
	Class    string `json:"class,omitempty"`    // PV1-2
	Location string `json:"location,omitempty"` // PV1-3, components separated by ^
	// Temporary is where a departure (A09) or an arrival (A10) put the patient.
	Temporary        string `json:"temporary,omitempty"`
	Doctor           string `json:"doctor,omitempty"`           // PV1-7
	PendingTransfer  string `json:"pending_transfer,omitempty"` // PV1-42 of an A15; "?" when it did not say where
	PendingDischarge bool   `json:"pending_discharge,omitempty"`
	AdmittedAt       string `json:"admitted_at,omitempty"`   // PV1-44, as written
	DischargedAt     string `json:"discharged_at,omitempty"` // PV1-45, as written

	Movements []Movement `json:"movements"` // in the order of the stay, cancelled ones included
}

// Movement is one change of situation within a stay.
type Movement struct {
	ID        string `json:"id,omitempty"`       // ZBE-1.1; empty when the dialect has no ZBE
	Trigger   string `json:"trigger"`            // the event that inserted it
	Start     string `json:"start,omitempty"`    // ZBE-2, or EVN-6, or EVN-2, as written
	Location  string `json:"location,omitempty"` // PV1-3
	Class     string `json:"class,omitempty"`    // PV1-2
	Historic  bool   `json:"historic,omitempty"` // inserted behind later ones, ZBE-5 = Y
	Cancelled bool   `json:"cancelled,omitempty"`
	Corrected int    `json:"corrected,omitempty"` // how many Z99 changed it
}
