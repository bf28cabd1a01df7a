package scenarios

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/schema"
)

// hl7Segments are the segments of HL7 2.3.1 to 2.5.1, with those of the batch
// protocol. A segment of a path that is neither here nor a Z segment is a slip of
// the finger.
const hl7Segments = `ABS ACC ADD AFF AIG AIL AIP AIS AL1 APR ARQ AUT BHS BLC BLG BPO BPX BTS BTX
CDM CER CM0 CM1 CM2 CNS CON CSP CSR CSS CTD CTI DB1 DG1 DMI DRG DSC DSP ECD ECR EDU EQL EQP EQU ERQ ERR
EVN FAC FHS FT1 FTS GOL GP1 GP2 GT1 HXX IAM IIM ILT IN1 IN2 IN3 INV IPC ISD ITM IVC IVT LAN LCC LCH LDP
LOC LRL MFA MFE MFI MRG MSA MSH NCK NDS NK1 NPU NSC NST NTE OBR OBX ODS ODT OM1 OM2 OM3 OM4 OM5 OM6 OM7
ORC ORG OVR PCE PCR PD1 PDA PDC PEO PES PID PKG PMT PR1 PRA PRB PRC PRD PSG PSH PSL PSS PTH PV1 PV2 PYE
QAK QID QPD QRD QRF QRI RCP RDF RDT RFI RGS RMI ROL RQ1 RQD RXA RXC RXD RXE RXG RXO RXR SAC SCD SCH SCP
SDD SFT SID SLT SPM SPR STF STZ TCC TCD TQ1 TQ2 TXA UAC UB1 UB2 URD URS VAR VND VTQ`

// ackSegments are the segments that an acknowledgement can have; Z segments
// beside them.
const ackSegments = "MSH SFT UAC MSA ERR NTE QAK QPD"

// compilePath compiles a path and looks whether there can be such a place in a
// message: one that leads nowhere would find nothing for ever, and what is
// expected to be absent there always would be.
func compilePath(s string) (hl7.Path, *textFault) {
	path, err := hl7.CompilePath(s)
	if err != nil {
		fault := &textFault{width: 1, message: Text{FR: inLang(err, "fr"), EN: inLang(err, "en")}}
		if bad, ok := errors.AsType[*hl7.PathError](err); ok {
			fault.offset = bad.Column - 1
			fault.expected = Text{FR: bad.Hint("fr"), EN: bad.Hint("en")}
		}
		return path, fault
	}
	if name := path.SegmentName(); !knownSegment(name, hl7Segments) {
		return path, &textFault{
			width: len(name), message: Textf("HL7 n'a pas de segment %s", "HL7 has no segment %s", name),
			word: name, known: strings.Fields(hl7Segments),
		}
	}
	if message := beyond(path); !message.IsZero() {
		return path, &textFault{width: utf8.RuneCountInString(s), message: message}
	}
	return path, nil
}

// beyond says in what way a path goes farther than any version of HL7 that has
// its segment; zero if it does not. What is in a Z segment, and in the segments
// of other messages than ADT and its acknowledgement, is not known here.
func beyond(path hl7.Path) Text {
	var known bool
	var fields, components, subcomponents int
	for _, v := range schema.Versions() {
		segment := v.Segment(path.SegmentName())
		if segment == nil {
			continue
		}
		known = true
		fields = max(fields, len(segment.Fields))
		if field := segment.Field(path.Field()); field != nil {
			c, s := extent(field.Type, path.Component())
			components, subcomponents = max(components, c), max(subcomponents, s)
		}
	}
	name, field, component := path.SegmentName(), path.Field(), path.Component()
	switch {
	case !known:
		return Text{}
	case field > fields:
		return Textf("%s n'a que %d champs", "%s has only %d fields", name, fields)
	case component > components:
		return Textf("%s-%d n'a pas de composant %d", "%s-%d has no component %d", name, field, component)
	case path.Subcomponent() > subcomponents:
		return Textf("%s-%d.%d n'a pas de sous-composant %d", "%s-%d.%d has no sub-component %d", name, field, component, path.Subcomponent())
	}
	return Text{}
}

// unknownExtent is that of OBX-5, whose type OBX-2 names.
const unknownExtent = 99

// extent returns how many components a type has, and how many sub-components one
// of them. A primitive value is its own first component.
func extent(t *schema.TypeDef, component int) (components, subcomponents int) {
	if t.Format == schema.FormatVaries {
		return unknownExtent, unknownExtent
	}
	subcomponents = 1
	if c := t.Component(component); c != nil {
		subcomponents = max(1, len(c.Type.Components))
	}
	return max(1, len(t.Components)), subcomponents
}

func knownSegment(name, list string) bool {
	return strings.HasPrefix(name, "Z") || strings.Contains(list, name)
}

// path compiles a path that stands in n, from a rune of its text, and reports
// what is wrong with it.
func (d *decoder) path(n *node, text string, offset int) (hl7.Path, bool) {
	path, fault := compilePath(text)
	if fault != nil {
		d.fault(n.at(offset+fault.offset, fault.width), fault)
	}
	return path, fault == nil
}
