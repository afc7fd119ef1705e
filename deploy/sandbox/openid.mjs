// The OpenID provider of `openid`, which says what it takes.
import { readFileSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'

const [dir, port, ...houses] = process.argv.slice(2)
const issuer = `http://127.0.0.1:${port}`
const people = () => JSON.parse(readFileSync(`${dir}/people.json`, 'utf8'))
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
// Every name that tests give a provider.
const names = ['corp', 'corp2', 'other', 'corp-1440', 'corp-390']

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'pilothouse',
      client_secret: 'secret of the client',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: houses.flatMap((house) => names.map((name) => `${house}/api/v1/session/oidc/${name}/callback`)),
      post_logout_redirect_uris: houses.map((house) => `${house}/sign-in`),
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: `key-${Date.now()}`, use: 'sig', alg: 'RS256' }] },
  cookies: { keys: ['for the sandbox only'] },
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups', 'name'], email: ['email', 'email_verified'] },
  pkce: { required: () => true, methods: ['S256'] },
  issueRefreshToken: async () => true,
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
  async findAccount(ctx, id) {
    const person = people()[id]
    return person && { accountId: id, claims: () => ({ sub: id, preferred_username: id, name: id, ...person }) }
  },
  // Nobody is asked whether Pilothouse may know them.
  async loadExistingGrant(ctx) {
    const { client, session } = ctx.oidc
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
    grant.addOIDCScope('openid profile email offline_access')
    await grant.save()
    return grant
  },
})
provider.listen(Number(port), '127.0.0.1', () => console.log(`openid provider answers at ${issuer}`))
process.on('SIGTERM', () => process.exit(0))
