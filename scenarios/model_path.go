package scenarios

import (
	"errors"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

// hl7Segments are the segments of HL7 2.3.1 to 2.5.1, with those of IHE and the
// batch protocol. A segment of a path that is neither here nor a Z segment is a
// slip of the finger.
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

// compilePath compiles a path and looks whether its segment exists.
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
	return path, nil
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
