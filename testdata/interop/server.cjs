// A receiver made of the npm package node-hl7-server, as its README shows it:
// every message is answered AA. What it got it adds to FILE, a line of JSON text
// each, before anybody is answered.
// Usage: node server.cjs PORT [CA CERT KEY [FILE]]
const fs = require('fs')
const { Server } = require('node-hl7-server')

const [port, ca, cert, key, file] = process.argv.slice(2)
const options = { bindAddress: '127.0.0.1' }
if (ca) {
  options.tls = {
    ca: fs.readFileSync(ca),
    cert: fs.readFileSync(cert),
    key: fs.readFileSync(key),
    requestCert: true
  }
}
const inbound = new Server(options).createInbound({ port: Number(port) }, async (req, res) => {
  await res.sendResponse('AA')
})
if (file) inbound.on('data.raw', text => fs.appendFileSync(file, JSON.stringify(text) + '\n'))
inbound.on('listen', () => console.log('ready'))
inbound.on('error', err => { console.error(err); process.exit(1) })
// The end of our input is the end of the test that started us.
process.stdin.on('end', () => process.exit(0)).resume()
