package pam

// french writes the French segments of the event, in the order of PAM.fr 5.2,
// each only when there is something to put into it.
func (w *writer) french() {
	if w.event.kind == cancel {
		return
	}
	for _, z := range [...]struct {
		name  string
		write func()
	}{
		{"ZFA", w.zfa}, {"ZFP", w.zfp}, {"ZFV", w.zfv}, {"ZFM", w.zfm}, {"ZFD", w.zfd},
	} {
		if w.dialect.has(w.about, z.name) {
			z.write()
		}
	}
}

// zfa writes the status of the shared medical record. ZFA-9 to ZFA-12 came with
// PAM.fr 2.11; what they replaced is not sent any more.
func (w *writer) zfa() {
	d := w.patient.dmp
	s := w.b.Segment("ZFA").Field(1, d.state).Field(2, stamp(d.recorded))
	if w.dialect.french == "2.10" {
		return
	}
	s.Field(9, d.feeding).Field(11, d.reading)
	if d.feeding != "NA" {
		s.Field(10, stamp(d.recorded)).Field(12, stamp(d.recorded))
	}
}

// zfp writes the occupation.
func (w *writer) zfp() {
	if w.patient.job == "" {
		return
	}
	w.b.Segment("ZFP").Field(1, w.patient.job[:1]).Field(2, w.patient.job)
}

// zfv writes how a living patient leaves, for good or for a while: by their own
// means, without care on the way.
func (w *writer) zfv() {
	if w.about.trigger != "A03" && w.about.trigger != "A21" || w.movement.Deceased {
		return
	}
	w.b.Segment("ZFV").Field(2, "5").Field(11, "AUCUN")
}

// zfm writes the modes of the PMSI: from home on entry, from acute care in a
// transfer to another unit, to home or dead on discharge.
func (w *writer) zfm() {
	if !hospitalised(w.movement.Situation.Class) {
		return
	}
	switch w.about.trigger {
	case "A01", "A05", "A06", "A14":
		w.b.Segment("ZFM").Field(1, "8")
	case "A02":
		if w.movement.Nature != "L" {
			w.b.Segment("ZFM").Field(1, "6").Field(3, "1")
		}
	case "A03":
		mode := "8"
		if w.movement.Deceased {
			mode = "9"
		}
		w.b.Segment("ZFM").Field(2, mode)
	}
}

// zfd writes how the identity was obtained and which document proved it. The
// query date goes with an identity that came from INSi, the document with a
// validated one (PAM.fr 6.18). ZFD-4 has its present values since 2.11.1.
func (w *writer) zfd() {
	p := w.patient
	s := w.b.Segment("ZFD").Field(3, yesNo(p.sms))
	if p.age(w.recorded) < 1 {
		s.Field(2, "39")
	}
	if w.dialect.french != "2.10" {
		s.Field(4, "N")
	}
	if p.Identity == Qualified || p.Identity == Retrieved {
		s.Field(5, "INSI").Field(6, stamp(p.query))
	} else {
		s.Field(5, "SM")
	}
	if p.status() == "VALI" {
		s.Field(7, p.document.kind).Field(8, day(p.document.expiry))
	}
}
