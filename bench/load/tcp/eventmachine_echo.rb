# Ruby's EventMachine with its epoll loop; it sets TCP_NODELAY on what it accepts.

require 'eventmachine'
require 'optparse'
require 'socket'

module Echo
  def receive_data(data)
    send_data(data)
  end
end

module Lines
  def receive_data(data)
    (@rest ||= +'') << data
    while (line = @rest.slice!(/\A[^\n]*\n/))
      send_data(line)
    end
  end
end

module UntilInputEnds
  def receive_data(_line)
    GC.start
    $stdout.puts 'COLLECTED'
    $stdout.flush
  end

  def unbind
    EM.stop
  end
end

options = { mode: 'echo', port: 0 }
OptionParser.new do |parser|
  parser.on('--mode MODE') { |mode| options[:mode] = mode }
  parser.on('--port PORT', Integer) { |port| options[:port] = port }
end.parse!

EM.epoll
EM.set_descriptor_table_size(20_000)
EM.run do
  server = EM.start_server('127.0.0.1', options[:port], options[:mode] == 'lines' ? Lines : Echo)
  EM.attach($stdin, UntilInputEnds)
  port, = Socket.unpack_sockaddr_in(EM.get_sockname(server))
  $stdout.puts "PORT #{port}"
  $stdout.flush
end
