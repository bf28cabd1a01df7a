// A sender made of the npm package node-hl7-client: sends each file and prints
// each acknowledgement on a line of its own, as JSON text.
// Usage: node client.cjs PORT FILE... (TLS by the variables CA, CERT, KEY)
const fs = require('fs')
const { Client, Message } = require('node-hl7-client')

const [port, ...files] = process.argv.slice(2)
const options = { host: '127.0.0.1' }
if (process.env.CA) {
  options.host = 'localhost'
  options.tls = {
    ca: fs.readFileSync(process.env.CA),
    cert: fs.readFileSync(process.env.CERT),
    key: fs.readFileSync(process.env.KEY)
  }
}
const connection = new Client(options).createConnection({ port: Number(port) }, async res => {
  console.log(JSON.stringify(res.getMessage().toString()))
  await sendNext()
})
const sendNext = async () => {
  const file = files.shift()
  if (!file) process.exit(0)
  await connection.sendMessage(new Message({ text: fs.readFileSync(file, 'utf8') }))
}
// A message given before the connection stands makes the package open a second one.
connection.on('connect', () => sendNext().catch(fail))
const fail = err => { console.error(err); process.exit(1) }
connection.on('client.error', fail)
connection.on('data.error', fail)
