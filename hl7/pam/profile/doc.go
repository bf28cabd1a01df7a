// Package profile is what IHE PAM and its French extension lay over HL7: which
// events there are, the grammar of the message of each, what is required of
// fields, data types and tables. For each version of each profile it makes a
// [schema.Version] of it, to hold messages against, and tells where every
// constraint comes from.
//
// # Data, not code
//
// A profile is a file in data, one fact a line. Files extend each other: IHE
// PAM extends HL7 v2.5, PAM.fr 2.11.2 extends IHE PAM, and each older version of
// PAM.fr extends its successor and takes back what that brought. A new version
// is a new file that says what it extends and what changes. The format is
// described at the top of data/pam-2.5.txt. [Load] reads a file when somebody
// asks for its profile.
//
// # Layers
//
// The layer of a file is the origin of its constraints: "iti" or "fr".
// Everything that no file mentions is HL7's own, "hl7". [Profile.FieldOrigin]
// and its sisters tell, with the paragraph and a note on conditions that the
// letters of usages cannot express.
//
// Profile.Layers are something else: the families of rules that judge by the
// profile. One of them, "ins", is about identity and has no definitions.
//
// # Judging structure
//
// Hold a message against [Event.Grammar], not against the structures of
// Profile.Version, which are those of HL7: two events may share a structure and
// have different grammars. Of the findings of [schema.Structure.Match]
//
//   - SegmentLocal is a Z segment that the event does not foresee. If
//     Profile.Version defines it, it is a French segment in the wrong message,
//     otherwise one that nobody knows. Neither is a fault of structure (Q-13,
//     ZBE is: [Event.ZBE] says that there must not be one.
//   - SegmentMisplaced for which [Event.OrderOnly] holds says that French
//     segments stand in another order than PAM.fr prints. That is a fault where
//     [Event.StrictOrder] is set (A05) and a blemish elsewhere.
//   - all others are faults of structure, a French segment outside of its block
//     among them.
//
// PV2 has a slot wherever IHE needs it, which is more than IHE prints:
// [Event.PV2Unsupported]. In A28 and A31 it is forbidden.
//
// # Judging tables
//
// A closed table gives findings of the kind NotInTable, an open one, or a table
// of HL7 that users may change, NotSuggested; the codes of external tables and
// of examples give none. [Profile.Softens] knows the tables that are printed as
// closed and outdated all the same.
//
// # HL7 v2.3.1
//
// The profiles of v2.3.1 borrow segments with the types that these have in
// another profile. So in pam-fr-2.3.1 the CX of PID-3 is that of France and the
// CX of PV1-19 that of v2.3.1; Version.Type knows the latter, findings and
// FieldDef.Type know which one is meant.
package profile
