# Rails' own websocket server with Chatwoot's RoomChannel as far as its published behaviour goes, for tests.
# puma -b tcp://127.0.0.1:PORT -t 1:4 config.ru
#   /cable         the websocket
#   POST /allow    the body is a credential that may subscribe
#   POST /emit     ?to=CREDENTIAL, the body is broadcast to whoever subscribed with it
#   POST /restart  cuts everybody off as a restart of the server does
require 'json'
require 'logger'
require 'set'
require 'active_support'
require 'active_support/rails'
require 'action_cable'

ALLOWED = Set.new

class Conn < ActionCable::Connection::Base; end

class RoomChannel < ActionCable::Channel::Base
  def subscribed
    @token = params[:pubsub_token]
    # An unknown credential is an exception in Chatwoot, too: neither confirmation nor rejection is sent.
    raise 'unknown credential' unless ALLOWED.include?(@token)
    reject and return if params[:user_id].to_i.negative?
    stream_from @token
    update_presence
  end

  def update_presence
    users = { params[:user_id].to_s => 'online' }
    data = { account_id: params[:account_id].to_i, users: users, contacts: {} }
    ActionCable.server.broadcast(@token, { event: 'presence.update', data: data })
  end
end

settings = ActionCable.server.config
settings.cable = { 'adapter' => 'async' }
settings.logger = Logger.new(File::NULL)
settings.connection_class = -> { Conn }
settings.allow_same_origin_as_host = true
settings.mount_path = '/cable'

DONE = [200, { 'Content-Type' => 'text/plain' }, ['ok']].freeze

map('/cable') { run ActionCable.server }
map('/allow') { run ->(env) { ALLOWED << env['rack.input'].read; DONE } }
map('/emit') do
  run lambda { |env|
    to = Rack::Utils.parse_query(env['QUERY_STRING'])['to']
    ActionCable.server.broadcast(to, JSON.parse(env['rack.input'].read))
    DONE
  }
end
map('/restart') { run ->(_env) { ActionCable.server.restart; DONE } }
