// Package draft makes a scenario of messages that passed between two systems,
// about people who do not exist.
//
// # Nothing is kept because nobody thought of it
//
// A message is not cleaned, it is written anew. A table says of each field that
// a scenario needs what becomes of it: a code is kept, a date is shifted, a name,
// number, address or telephone is replaced. A field that the table does not name
// is left out, and so are free texts, diagnoses, observations, insurances, and
// segments that nobody here knows. A code is kept only if it looks like one.
//
// # The same person is the same person
//
// Each original value has one replacement wherever it stands: a number in PID-3,
// PID-18, MRG or ZBE, a name in PID-5 or NK1, a doctor in PV1-7 or ROL. What was
// equal is equal, with or without accents, and what was different is different:
// a corrected name is still corrected, the number that an A40 takes away is the
// one that an A28 brought. Numbers keep their length and shape. An INS is built
// anew, for the test authority, of the new date and place of birth, with its
// key. All dates, those of birth too, are shifted by the same whole weeks, so
// ages, orders and days of the week stay.
//
// # And then it is searched
//
// That is a claim, and a claim about people is checked. Before it is given to
// anybody the draft is searched for every trait of every message that went in:
// names, dates of birth in every usual spelling, numbers, telephones, addresses,
// with and without accents, spaces and hyphens. The search knows nothing of the
// table: it takes the traits from all fields that HL7 gives the type of a name,
// number, address or telephone, in all segments. If it finds one, another draw
// is tried, since a drawn name or shifted date can be somebody's by chance; if it
// finds one in each, there is no draft but a [LeakError], which names the place
// and never the trait.
package draft
